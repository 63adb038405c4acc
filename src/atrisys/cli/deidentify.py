"""`atrisys deidentify`: what in a slide may name somebody, and a copy without it."""

from dataclasses import asdict
from pathlib import Path

import click

from atrisys.cli.installation import data_option, read_settings, ready_for_pictures
from atrisys.cli.speaking import print_json, say
from atrisys.errors import Invalid


@click.command("deidentify")
@click.argument("slide", type=click.Path(exists=True, path_type=Path), metavar="SLIDE")
@click.option("--to", "copy", type=click.Path(path_type=Path), metavar="FILE", help="Write a clean copy there.")
@data_option
def deidentify(slide: Path, copy: Path | None) -> None:
    """Say what in a slide may name somebody; with --to, write a copy without it.

    SLIDE is a file or a folder with one slide (DICOM). Prints JSON, one line a finding, with kind (picture, text, data,
    comment, name, hole), where, size in bytes, and value where it is a text. The copy (for DICOM a folder) holds the
    tiles as they are, and of the rest nothing but numbers about them; it is looked through byte by byte before it gets
    its name. A format that cannot be cleaned is refused.

    \b
    Example:  atrisys deidentify case-7.svs
              atrisys deidentify case-7.svs --to clean/1.svs
    """
    from atrisys.imaging import deidentify as door
    from atrisys.imaging.slides import inspect
    from atrisys.store.disk import make_writable

    ready_for_pictures(read_settings())
    if copy is not None and copy.exists():
        raise Invalid("{file} is there already; it is not overwritten.", file=str(copy))
    format = inspect(slide).format
    for one in door.survey(slide, format, slide.name):
        print_json(asdict(one))
    if copy is not None:
        ending = door.clean_suffix(format)
        make_writable(copy.parent)
        half = copy.with_name(f".{copy.name}.half{ending}")
        door.make_clean_copy(slide, format, slide.name, half)
        half.rename(copy)
        say(f"The clean copy is {copy}.")
