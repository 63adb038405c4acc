"""`atrisys demo`: the server with a demo project, made first where it is missing."""

import contextlib
import ctypes
import gc
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from atrisys.cli.installation import data_option, key_box, opened, ready_for_pictures
from atrisys.cli.serve import open_door, run_server
from atrisys.cli.speaking import print_json, progress, say

if TYPE_CHECKING:
    from atrisys.actions.make_demo import Demo


@click.command()
@click.option("--port", default=8000, type=click.IntRange(0, 65535), metavar="P", help="Default 8000; 0: a free one.")
@data_option
def demo(port: int) -> None:
    """Run the server with a demo project: a synthetic slide with some 20,000 annotations.

    What is there from an earlier time is kept; the demo user, an administrator, gets a new password at each start.
    Prints the address, the user's name, password and keys, and three requests to try; as JSON where standard output is
    no terminal.

    \b
    Example:  atrisys demo --port 8080
    """
    from atrisys.actions.make_demo import make_demo

    door = open_door("127.0.0.1", port)
    with opened(may_be_new=True) as store:
        ready_for_pictures(store.settings)
        settings = store.settings
        with progress("Making the demo") as bar:
            made = make_demo(store, key_box(store), bar)
    _tell(door.address, made)
    _give_memory_back()
    run_server(door, 1, settings)


def _tell(address: str, made: "Demo") -> None:
    if not sys.stdout.isatty():
        print_json({"address": address, **{_camel(name): value for name, value in asdict(made).items()}})
        sys.stdout.flush()
    keys = f"-H 'X-Auth-Token: {made.public_key}' -H 'X-Auth-Secret: {made.private_key}'"
    listing = f"{address}/api/annotation.json?image={made.image_id}&showWKT=true&showTerm=true&max=2"
    window = f"{address}/api/imageinstance/{made.image_id}/window-4000-3000-1024-768.jpg"
    say(
        f"""
ATrISys listens on {address}: open it in a browser and sign in

    user name     {made.username}
    password      {made.password}   (new at each start)
    public key    {made.public_key}
    private key   {made.private_key}

Its project is number {made.project_id}, its slide number {made.image_id}, with {made.annotations:,} annotations. Try:

    curl {keys} {address}/api/project.json
    curl {keys} '{listing}'
    curl {keys} -o window.jpg {window}

Stop it with Ctrl+C."""
    )


def _give_memory_back() -> None:
    """Painting a slide took memory that glibc keeps for later; the server that follows needs little of it."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
