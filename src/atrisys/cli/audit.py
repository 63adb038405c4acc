"""`atrisys audit`: the log of who did what, and whether it is as it was written."""

from dataclasses import asdict

import click

from atrisys.cli.installation import data_option, opened
from atrisys.cli.speaking import print_json, progress, say


@click.group()
def audit() -> None:
    """The log of changes and events, and the seals over it."""


@audit.command("verify")
@click.option("--seal", "known", default="", metavar="SEAL", help="One that the server told its log; it must be there.")
@data_option
def verify(known: str) -> None:
    """Work out all seals over the log anew, and say which is the first that does not hold.

    Prints JSON with seals and lines (that hold), unsealed (lines that came after; a running server seals them within a
    minute), last (the last seal that holds) and problem. The exit status is 1 where there is one. Without --seal nobody
    can tell that the newest lines were cut off together with their seals: keep the server's log elsewhere.

    \b
    Example:  atrisys audit verify --seal 5f1c…
    """
    from atrisys.actions.seal_log import verify_log

    with opened() as store, progress("Verifying") as bar:
        found = verify_log(store, known.strip().lower(), bar)
    print_json(asdict(found))
    if found.problem:
        say(found.problem)
        raise SystemExit(1)


@audit.command("export")
@click.option("--since", default=0, metavar="SEQ", help="Only lines with a greater number than this.")
@data_option
def export(since: int) -> None:
    """Print the log as JSON, one line each, in the order in which it was written: changes with before and after.

    \b
    Example:  atrisys audit export --since 4711 >> log.jsonl
    """
    from atrisys.actions.seal_log import read_log

    with opened() as store, store.reading() as db:
        for line in read_log(db, since):
            print_json(line)
