"""Jobs: long tasks, how far they are and what came of them. The business of who started them and of managers alone."""

from sqlalchemy import select
from sqlalchemy.orm import Session, defer
from starlette.responses import Response

from atrisys.access.events import note
from atrisys.access.visible import visible
from atrisys.errors import Invalid, PictureMissing
from atrisys.store import queue
from atrisys.store.tables import Job, Project
from atrisys.wire.answers import done
from atrisys.wire.asking import CurrentStore, CurrentUser, Db, Find, Finder, PageQuery, shown
from atrisys.wire.described import Part, does, gives, lists
from atrisys.wire.downloads import download
from atrisys.wire.fields import show
from atrisys.wire.jobs import JobOut, WholeJobOut
from atrisys.wire.routes import Routes, opens_to_picture_cookie

routes = Routes(tags=["job"])


class OfJob(Part):
    """The job that something was done to."""

    job: WholeJobOut


@routes.get("/api/atrisys/job.json")
@routes.get("/api/atrisys/jobs")
@lists(JobOut, sought="name")
def list_jobs(
    db: Db, user: CurrentUser, find: Find, page: PageQuery, project: int | None = None, state: str | None = None
) -> Response:
    """One's own jobs, and those of projects that one manages; newest first, without their logs.

    `project`: those of one project; `state`: waiting, running, cancelling, done, failed or cancelled. Also sorted and
    filtered by what the rows show (`name[in]=import_slide`, `sort=progress`).
    """
    query = visible(user, select(Job)).options(defer(Job.log))
    if project is not None:
        query = query.where(Job.project_id == find.other(Project, project).id)
    if state:
        query = query.where(Job.state == state)
    return page.of(db, query, JobOut, Job.id.desc())


@routes.get("/api/atrisys/job/{id:int}.json")
@gives(WholeJobOut)
def show_job(id: int, db: Db, find: Find) -> Response:
    """One job with its log."""
    return shown(db, find(Job, id))


@routes.delete("/api/atrisys/job/{id:int}.json")
@does(OfJob)
def remove_job(id: int, db: Db, find: Find) -> Response:
    """Cancel a job."""
    return _cancel(db, find, id)


@routes.post("/api/atrisys/job/{id:int}/cancel.json")
@does(OfJob)
def cancel_job(id: int, db: Db, find: Find) -> Response:
    """Cancel a job that waits or runs: it ends within seconds, and leaves nothing half made."""
    return _cancel(db, find, id)


@routes.post("/api/atrisys/job/{id:int}/retry.json")
@does(OfJob)
def retry_job(id: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """Do a job anew that failed or was cancelled, for who started it; its log goes on."""
    job = find(Job, id)
    if not queue.retry(db, job, user.username):
        raise Invalid("Job {job} has neither failed nor been cancelled ({state}).", job=job.id, state=job.state)
    return done(job=show(db, job))


def _cancel(db: Session, find: Finder, id: int) -> Response:
    job = find(Job, id)
    if not queue.cancel(db, job):
        raise Invalid("Job {job} has ended already ({state}).", job=job.id, state=job.state)
    return done(job=show(db, job))


@routes.api_route("/api/atrisys/job/{id:int}/result", methods=["GET", "HEAD"])
@opens_to_picture_cookie
def download_result(id: int, user: CurrentUser, store: CurrentStore, find: Find) -> Response:
    """The file that a job has made; kept for some days (`ATRISYS_KEEP_RESULTS_DAYS`)."""
    job = find(Job, id)
    file = (job.result or {}).get("file")
    if not file:
        raise PictureMissing("Job {job} has made no file.", job=job.id)
    folder = store.folder.result_folder(job.id)
    path = (folder / str(file)).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise PictureMissing("The result of job {job} is no longer kept. Start it again.", job=job.id)
    note(store, user, "downloaded", Job, job.id, what=job.name)
    return download(path, str((job.result or {}).get("name") or path.name))
