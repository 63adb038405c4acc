"""`atrisys import`: slides into a project."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from atrisys.cli.installation import acting_for, data_option, opened, ready_for_pictures
from atrisys.cli.speaking import Progress, print_json, progress, say
from atrisys.errors import Refusal, SlideUnreadable

if TYPE_CHECKING:
    from atrisys.access.caller import Caller
    from atrisys.actions.import_slide import Taken
    from atrisys.store.session import Store


@click.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="PATH...")
@click.option("--project", required=True, type=int, metavar="ID", help="The project that the images go into.")
@click.option("--user", metavar="NAME", help="For whom (default: the project's first manager); theirs is the storage.")
@click.option("--link", is_flag=True, help="Read the slides where they lie; copy nothing.")
@click.option("--again", is_flag=True, help="Make new images of slides that were imported before.")
@data_option
def import_slides(paths: tuple[Path, ...], project: int, user: str | None, link: bool, again: bool) -> None:
    """Bring slides into a project.

    A PATH is a slide, a folder with slides (a DICOM or MRXS folder is one image), or a zip of either; also a flat
    picture (PNG, JPEG, …), which becomes a tiled pyramid. Files are copied into the data folder, or with --link stay
    where they are and must not be changed there. Prints JSON, one line an image, with imageInstance or error; a file
    that cannot be read does not end the rest, but the exit status is then 1.

    A slide that came into the same storage before (the same bytes, the same name) is not imported again: its image is
    put into the project where it is not there yet, and the line says "wasThere": true. So the same command may be given
    again after it broke off. Of the same bytes with another name a new image is made; they are stored once.

    \b
    Example:  atrisys import slides/ more/case-7.svs --project 123
    """
    failed = known = 0
    with opened() as store:
        ready_for_pictures(store.settings)
        with store.reading() as db:
            caller = acting_for(db, user, project)
        slides = _find(paths)
        with progress("Importing") as bar:
            for number, (path, nothing) in enumerate(slides):
                share = _share(bar, number, len(slides))
                for line in [nothing] if nothing else _take(store, caller, path, project, link, again, share):
                    failed += "error" in line
                    known += "wasThere" in line
                    bar.step_aside()
                    print_json(line)
            bar(1.0, f"{len(slides)} looked at")
    if known:
        say(f"{known} came before and were not kept again (--again makes new images of them).")
    if failed:
        say(f"{failed} could not be imported; the lines with `error` say why.")
        raise SystemExit(1)


def _find(paths: Sequence[Path]) -> list[tuple[Path, dict[str, Any] | None]]:
    """Each slide to take in; a folder without any stands there with what is to be said of it."""
    from atrisys.imaging.slides import find_slides

    slides: list[tuple[Path, dict[str, Any] | None]] = []
    for path in paths:
        found = [slide for slide, _kind in find_slides([path])]
        slides += [(slide, None) for slide in found]
        if not found:
            refusal = SlideUnreadable("There is no slide in the folder {folder}.", folder=str(path))
            slides.append((path, error_line(path, refusal)))
    return slides


def _share(bar: Progress, number: int, count: int) -> Callable[[float, str], None]:
    """The progress of one slide as a part of that of all."""
    return lambda fraction, message="": bar((number + fraction) / count, message)


def _take(
    store: "Store",
    caller: "Caller",
    path: Path,
    project: int,
    link: bool,
    again: bool,
    share: Callable[[float, str], None],
) -> Iterator[dict[str, Any]]:
    from atrisys.actions.import_slide import take_in

    try:
        several = take_in(
            store,
            caller,
            path,
            path.name,
            project_ids=[project],
            in_place=link,
            once=None if again else "bytes and name",
            progress=share,
        )
    except Refusal as refusal:
        yield error_line(path, refusal)
        return
    except OSError as error:
        yield error_line(path, SlideUnreadable("{name}: {reason}", name=path.name, reason=error.strerror or str(error)))
        return
    yield from lines_of(path, several)


def lines_of(path: Path, several: "Sequence[Taken]") -> Iterator[dict[str, Any]]:
    """What is printed of what came in one file or folder."""
    for taken in several:
        line: dict[str, Any] = {"path": str(path), "name": taken.name}
        if taken.error is not None:
            yield {**line, **error_line(path, taken.error)}
        else:
            line["imageInstance"] = taken.image_instance_ids[0]
            line |= {"abstractImage": taken.abstract_image_id, "uploadedFile": taken.uploaded_file_id}
            yield {**line, "wasThere": True} if taken.was_there else line


def error_line(path: Path, refusal: Refusal) -> dict[str, Any]:
    """What is printed of what did not come in."""
    return {"path": str(path), "error": str(refusal), "code": refusal.code}
