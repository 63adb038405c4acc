"""`atrisys watch`: what appears in a folder comes into a project."""

import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from atrisys.cli.import_slides import error_line, lines_of
from atrisys.cli.installation import acting_for, data_option, opened, ready_for_pictures
from atrisys.cli.speaking import Progress, print_json, progress, say

if TYPE_CHECKING:
    from atrisys.actions.watch_folder import Watch


class Ended(BaseException):
    """Somebody asked us to end. No `Exception`, so that nobody catches it by accident."""


@click.command("watch")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="DIR")
@click.option("--project", required=True, type=int, metavar="ID", help="The project that the images go into.")
@click.option("--user", metavar="NAME", help="For whom (default: the project's first manager); theirs is the storage.")
@click.option("--link", is_flag=True, help="Read the slides where they lie; copy nothing.")
@click.option(
    "--every", default=10.0, type=click.FloatRange(0.1), metavar="S", help="Seconds between two looks (default 10)."
)
@click.option(
    "--still",
    default=20.0,
    type=click.FloatRange(0),
    metavar="S",
    help="A slide is whole that has not changed for so many seconds (default 20).",
)
@data_option
def watch(folder: Path, project: int, user: str | None, link: bool, every: float, still: float) -> None:
    """Bring slides into a project as they appear in a folder, until it is ended (Ctrl+C, SIGTERM).

    It looks again and again, so that it works on network shares, and takes in what came while it was not running.
    Nothing is taken in twice, nor the same bytes under another name ("wasThere": true); a file that cannot be read is
    tried again when it has changed. Prints JSON, one line an image, with imageInstance or error.

    \b
    Example:  atrisys watch /mnt/scanner --project 123 --link
    """
    from atrisys.actions.watch_folder import Watch

    ended = threading.Event()

    def end(_signal: int, _frame: Any) -> None:
        ended.set()

    before = {sign: signal.signal(sign, end) for sign in (signal.SIGTERM, signal.SIGINT)}
    try:
        with opened() as store:
            ready_for_pictures(store.settings)
            with store.reading() as db:
                caller = acting_for(db, user, project)
            watching = Watch(store, caller, folder, project, link=link, still_s=still)
            say(f"Watching {folder} every {every:g} s.")
            with progress("Watching") as bar:
                _look_until(ended, watching, folder, every, bar)
    except Ended:
        pass
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)
    say("Stopped.")


def _look_until(ended: threading.Event, watching: "Watch", folder: Path, every: float, bar: Progress) -> None:
    def of(path: Path) -> Any:
        def told(fraction: float, message: str = "") -> None:
            if ended.is_set():
                raise Ended
            bar(fraction, f"{path.name}: {message}")

        return told

    was_there = True
    while not ended.is_set():
        try:
            for outcome in watching.round(of):
                bar.step_aside()
                if outcome.is_final:
                    for line in lines_of(outcome.path, outcome.taken):
                        print_json(line)
                if outcome.error:
                    line = error_line(outcome.path, outcome.error)
                    print_json(line) if outcome.is_final else say(f"{line['path']}: {line['error']} It is tried again.")
            was_there = True
        except OSError as error:
            if was_there:
                say(f"{folder} cannot be reached ({error.strerror or 'it is not there'}); waiting until it is back.")
            was_there = False
        ended.wait(every)
