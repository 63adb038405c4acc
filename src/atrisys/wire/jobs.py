"""Jobs as the wire has them."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict
from sqlalchemy.orm import Session

from atrisys.store.tables import Job
from atrisys.wire.described import Part, ShownAs, sometimes
from atrisys.wire.fields import Model, Moment, shows


class ImportedImage(Part):
    """What has come of one picture of a file."""

    error: str | None
    image_instances: list[int]


class Result(Part):
    """What a job has made; each kind of job says more of its own."""

    model_config = ConfigDict(extra="allow")

    file: str = sometimes()
    """It can be downloaded."""
    name: str = sometimes()
    images: list[ImportedImage] = sometimes()


class JobOut(Model):
    name: str
    user_id: int
    project_id: int | None
    arguments: dict[str, Any]
    state: Literal["waiting", "running", "cancelling", "done", "failed", "cancelled"]
    progress: float
    message: str
    result: Annotated[dict[str, Any] | None, ShownAs(Result | None)]
    started: Moment
    ended: Moment


class WholeJobOut(JobOut):
    log: str


@shows(Job)
def show_one(_db: Session, job: Job) -> dict[str, Any]:
    return WholeJobOut.of(job).wire()
