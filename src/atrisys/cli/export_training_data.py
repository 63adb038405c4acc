"""`atrisys export`: training data of a project into a folder."""

from pathlib import Path

import click

from atrisys.cli.installation import acting_for, data_option, opened, ready_for_pictures
from atrisys.cli.speaking import print_json, progress, say


@click.command("export")
@click.argument("project", type=int, metavar="PROJECT_ID")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), metavar="DIR")
@click.option("--masks", is_flag=True, help="Label masks: {image}_mask.png, one class number a pixel.")
@click.option("--geojson", is_flag=True, help="Shapes with their classes: {image}.geojson.")
@click.option("--pictures", is_flag=True, help="The slides themselves at full resolution: {image}.jpg.")
@click.option("--image", "images", type=int, multiple=True, metavar="ID", help="Only this image.")
@click.option(
    "--class-map",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help='Numbers of terms, {"term name": 0–255} (default: 1, 2, … by the terms\' ids).',
)
@click.option(
    "--origin",
    type=click.Choice(["left-top", "left-bottom"]),
    default="left-top",
    help="Where GeoJSON's coordinates begin (masks and pictures are always top down).",
)
@data_option
def export(
    project: int,
    folder: Path,
    images: tuple[int, ...],
    class_map: Path | None,
    origin: str,
    **kinds: bool,
) -> None:
    """Write masks, GeoJSON and pictures of a project's images into DIR, and a manifest.json that says what they are.

    Without --masks, --geojson and --pictures: masks and GeoJSON. Prints JSON with the number of images, annotations
    and problems. An annotation that cannot be exported is named in the manifest and does not end the rest, but the exit
    status is then 1.

    \b
    Example:  atrisys export 123 training/ --masks --geojson --pictures
    """
    from atrisys.access.events import record
    from atrisys.actions.export_training_data import Wanted, chosen, export_training_data
    from atrisys.exports.class_map import load_class_map
    from atrisys.geometry.frames import check_origin
    from atrisys.store.tables import Project

    wanted = Wanted(
        kinds=chosen(kinds),
        images=images,
        class_map=load_class_map(class_map) if class_map else None,
        origin=check_origin(origin),
    )
    with opened() as store:
        ready_for_pictures(store.settings)
        with store.writing() as db:
            caller = acting_for(db, None, project)
            record(db, caller, "exported", Project, project, what=", ".join(wanted.kinds))
        with progress("Exporting") as bar:
            manifest = export_training_data(store, caller, project, folder, wanted, bar)
    problems = sum(len(image["problems"]) for image in manifest["images"])
    counted = {
        "project": project,
        "folder": str(folder),
        "images": len(manifest["images"]),
        "annotations": sum(image["annotations"] for image in manifest["images"]),
        "problems": problems,
    }
    print_json(counted)
    for note in manifest["notes"]:
        say(f"Note: {note}")
    if problems:
        say(f"{problems} annotations or pictures could not be exported: see `problems` in {folder / 'manifest.json'}.")
        raise SystemExit(1)
