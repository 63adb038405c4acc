"""Make the small levels that a huge slide's file lacks."""

from typing import Any

from atrisys.actions.make_levels import make_levels
from atrisys.jobs.context import JobContext


def run(context: JobContext) -> dict[str, Any]:
    """`arguments`: `abstract_image`. The result says how many levels were made, and their bytes."""
    return make_levels(
        context.store,
        context.caller,
        context.arguments["abstract_image"],
        lambda fraction: context.progress(fraction, "Making small levels"),
    )
