"""Export a project's training data for somebody who downloads it when it is ready."""

from typing import Any

from atrisys.actions.export_training_data import begin, wanted_from
from atrisys.actions.zip_training_data import zip_training_data
from atrisys.errors import NotFound, TooLarge
from atrisys.jobs.context import JobContext
from atrisys.store.disk import disk_trouble_said

FILE = "training-data.zip"


def run(context: JobContext) -> dict[str, Any]:
    """`arguments` as `wanted_from` reads them. The result counts images, annotations and problems."""
    if context.project_id is None:
        raise NotFound("This job names no project.")
    exporting = begin(context.store, context.caller, context.project_id, wanted_from(context.arguments))
    limit = int(context.store.settings.max_result_gb * (1 << 30))
    path = context.result_folder / FILE
    with context.store.folder.scratch() as scratch, disk_trouble_said(), path.open("xb") as file:
        for piece in zip_training_data(exporting, scratch, context.progress):
            if file.tell() + len(piece) > limit:
                raise TooLarge(
                    "The result is larger than the {limit} bytes that {setting} allows.",
                    limit=limit,
                    setting="ATRISYS_MAX_RESULT_GB",
                )
            file.write(piece)
    for entry in exporting.entries:
        for kind, problem in entry.problems:
            context.log(f"image {entry.image.id}, {kind}, annotation {problem.annotation_id}: {problem.reason}")
    return {
        "file": FILE,
        "name": f"{exporting.project[1]} training data.zip",
        "images": len(exporting.entries),
        "annotations": sum(entry.annotations for entry in exporting.entries),
        "problems": sum(len(entry.problems) for entry in exporting.entries),
    }
