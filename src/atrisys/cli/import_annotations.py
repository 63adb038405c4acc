"""`atrisys annotations import`: shapes from a file onto an image."""

from pathlib import Path

import click

from atrisys.cli.installation import caller_of, data_option, find_user, first_manager, opened
from atrisys.cli.speaking import print_json, progress, say


@click.group()
@data_option
def annotations() -> None:
    """Annotations: import a file of them."""


@annotations.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--image", required=True, type=int, metavar="ID", help="The image instance that they belong on.")
@click.option("--user", metavar="NAME", help="Whose layer (default: the project's first manager).")
@click.option(
    "--origin",
    type=click.Choice(["left-top", "left-bottom"]),
    help="Where the coordinates begin, for a file that does not say so itself.",
)
@click.option(
    "--unknown-terms",
    type=click.Choice(["refuse", "add", "leave-out"]),
    default="refuse",
    help="Terms that the project lacks: refuse the file (default), add them to the ontology, or leave them out.",
)
@data_option
def import_(file: Path, image: int, user: str | None, origin: str | None, unknown_terms: str) -> None:
    """Draw the shapes of a GeoJSON file on an image: one that `atrisys export` wrote, QuPath's, or any other.

    What was exported comes back as it was: coordinates, terms, order, source, and which shape corrects which. A shape
    that cannot be drawn does not end the rest, but the exit status is then 1. Prints JSON with the number added, the
    terms added, and the problems, each with its place in the file.

    \b
    Example:  atrisys annotations import training/456.geojson --image 456
    """
    from atrisys.actions.import_annotations import Asked, import_annotations, project_of
    from atrisys.geometry.frames import check_origin

    with opened() as store:
        with store.reading() as db:
            project = project_of(db, image)
            person = find_user(db, user) if user else first_manager(db, project)
            caller = caller_of(db, person)
        asked = Asked(image, check_origin(origin) if origin else None, unknown_terms)
        with progress("Importing annotations") as bar:
            done = import_annotations(store, caller, file, asked, bar)
    print_json(
        {
            "image": image,
            "added": done.added,
            "mended": done.mended,
            "clipped": done.clipped,
            "addedTerms": done.added_terms,
            "leftOutTerms": done.left_out_terms,
            "lostParents": done.lost_parents,
            "problems": [
                {"number": one.number, "annotation": one.annotation_id, "reason": one.reason} for one in done.problems
            ],
        }
    )
    if done.problems:
        say(f"{len(done.problems)} shapes were not imported; `problems` says which and why.")
        raise SystemExit(1)
