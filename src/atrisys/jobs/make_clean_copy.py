"""Make the clean copy of a large slide, for whoever then downloads it."""

from typing import Any

from atrisys.access.clean_copy import clean_copy_of
from atrisys.access.slide_file import slide_file
from atrisys.access.slide_secrets import require_download_of
from atrisys.access.visible import get_row
from atrisys.jobs.context import JobContext
from atrisys.store.tables import AbstractImage, ImageInstance


def run(context: JobContext) -> dict[str, Any]:
    """`arguments`: `abstract_image`, or `image_instance` where the right to it comes from a project."""
    with context.store.reading() as db:
        if (id := context.arguments.get("image_instance")) is not None:
            row = get_row(db, context.caller, ImageInstance, id)
            base = db.get_one(AbstractImage, row.base_image_id)
        else:
            row = base = get_row(db, context.caller, AbstractImage, context.arguments["abstract_image"])
        require_download_of(db, context.caller, row)
        slide, name = slide_file(db, context.store.folder, base), base.original_filename
    context.progress(0.0, "Making the clean copy")
    clean_copy_of(context.store, slide, name, awaited=False)
    return {"abstractImage": base.id}
