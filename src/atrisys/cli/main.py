"""`atrisys`: the command line. Each command is a file of its own; what it needs is loaded when it runs."""

import sys
from typing import Any

import click

from atrisys import __version__
from atrisys.cli.audit import audit
from atrisys.cli.deidentify import deidentify
from atrisys.cli.demo import demo
from atrisys.cli.doctor import doctor
from atrisys.cli.export_training_data import export
from atrisys.cli.import_annotations import annotations
from atrisys.cli.import_slides import import_slides
from atrisys.cli.installation import data_option
from atrisys.cli.jobs import jobs
from atrisys.cli.projects import project
from atrisys.cli.serve import serve
from atrisys.cli.users import user
from atrisys.cli.watch import watch
from atrisys.errors import Refusal


class Commands(click.Group):
    """Refusals become a sentence on standard error and exit status 1; a traceback is for bugs alone."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Refusal as refusal:
            raise click.ClickException(str(refusal)) from refusal
        except Exception as error:
            if said := _database_says(error):
                raise click.ClickException(said) from error
            raise


def _database_says(error: Exception) -> str | None:
    """What to tell of a database that cannot do what was asked right now."""
    if "sqlalchemy.exc" not in sys.modules:
        return None
    from sqlalchemy.exc import OperationalError

    if not isinstance(error, OperationalError):
        return None
    return f"The database cannot take this right now: {error.orig}. Nothing of the last step was kept; try again."


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="atrisys", message="%(prog)s %(version)s")
@data_option
def main() -> None:
    """ATrISys: whole-slide images, annotations and training sets, with Cytomine's API.

    \b
    Try it:             atrisys demo
    Run it:             atrisys user add ada --role admin
                        atrisys serve
    Bring slides in:    atrisys project add "Breast cancer" --member ada:manager
                        atrisys import slides/ --project 123
                        atrisys watch /mnt/scanner --project 123
    Take masks out:     atrisys export 123 training/

    What scripts read (JSON) goes to standard output, everything else to standard error. The exit status is 0 only
    when all went well. Every command works beside a running server or without one.
    """


for command in (serve, demo, user, project, import_slides, watch, export, annotations, jobs, deidentify, audit, doctor):
    main.add_command(command)
