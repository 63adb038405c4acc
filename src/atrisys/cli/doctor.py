"""`atrisys doctor`: what is wrong with the installation, and how to mend it."""

import sys
from dataclasses import asdict

import click

from atrisys.cli.examine import examine
from atrisys.cli.installation import data_option
from atrisys.cli.speaking import print_json, say

MARK = {"well": "✓", "look": "!", "wrong": "✗"}


@click.command()
@data_option
def doctor() -> None:
    """Say what is wrong with the installation, and how to mend it.

    Prints JSON, one line a check, with check, state (well, look or wrong), says and mend; in a terminal plain lines
    instead. The exit status is 1 when anything is wrong.

    \b
    Example:  atrisys doctor --data /srv/atrisys
    """
    wrong = 0
    for finding in examine():
        wrong += finding.state == "wrong"
        if sys.stdout.isatty():
            click.echo(f"{MARK[finding.state]} {finding.check}: {finding.says}")
        else:
            print_json(asdict(finding))
            if finding.state != "well":
                say(f"{finding.check}: {finding.says}")
        if finding.mend:
            say(f"    {finding.mend}")
    say("All is well." if not wrong else f"{wrong} of these must be mended.")
    if wrong:
        raise SystemExit(1)
