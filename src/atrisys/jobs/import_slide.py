"""Import an uploaded file whose sender did not wait."""

import time
from typing import Any

from atrisys.access.caller import Caller
from atrisys.actions import import_slide
from atrisys.actions.import_slide import Taken
from atrisys.errors import Refusal, Unavailable
from atrisys.jobs.context import JobContext
from atrisys.store.session import Store
from atrisys.store.tables import Job

MOST_TOLD = 1000
"""Images that the result names one by one; the list of uploaded files has all."""
WAIT_S = 15 * 60.0
AGAIN_S = 15


def run(context: JobContext) -> dict[str, Any]:
    """`arguments`: `uploaded_file`, and `properties` for its images. The result names what was made."""
    file_id = context.arguments["uploaded_file"]
    import_slide.begin_again(context.store, context.caller, file_id)
    taken = _take_up(context, file_id)
    for one in taken:
        context.log(f"{one.name}: {one.error or 'imported'}")
    return {
        "uploadedFile": file_id,
        "imageCount": len(taken),
        "images": [
            {
                "name": one.name,
                "uploadedFile": one.uploaded_file_id,
                "image": one.abstract_image_id,
                "imageInstances": list(one.image_instance_ids),
                "error": str(one.error) if one.error else None,
            }
            for one in taken[:MOST_TOLD]
        ],
    }


def _take_up(context: JobContext, file_id: int) -> list[Taken]:
    """Wait for a disk that is full or away: that is not the file's fault. Given up, the file's bytes stay."""
    until = time.monotonic() + WAIT_S
    while True:
        try:
            return import_slide.take_up(
                context.store, context.caller, file_id, context.arguments.get("properties"), context.progress
            )
        except Unavailable as reason:
            if time.monotonic() >= until:
                raise
            context.log(f"{reason} Trying again.")
            for _ in range(AGAIN_S):
                context.progress(0.0, str(reason))
                time.sleep(1)


def given_up(store: Store, job: Job, reason: Refusal) -> None:
    """The file stays in its storage's list, with the reason."""
    starter = Caller(id=job.user_id, username="", roles=frozenset(), way="job", door="job", request_id=f"job-{job.id}")
    import_slide.refuse(store, starter, job.arguments["uploaded_file"], reason)
