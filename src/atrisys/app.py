"""The application: the list of resources, put together. Settings are read once and handed down."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import chain

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from atrisys import __version__
from atrisys.access.keys import KeyBox
from atrisys.actions.keep_log import LogKeeper
from atrisys.imaging import worker
from atrisys.imaging.memory import keep_for_pictures
from atrisys.imaging.opened import keep_opened_in
from atrisys.jobs.runner import Runner
from atrisys.resources import (
    abstract_image,
    abstract_slice,
    annotation,
    annotation_action,
    annotation_choice,
    annotation_comment,
    annotation_count,
    annotation_filter,
    annotation_group,
    annotation_index,
    annotation_link,
    annotation_listing,
    annotation_picture,
    annotation_report,
    annotation_shape,
    annotation_term,
    annotation_track,
    api_docs,
    attached_file,
    audit,
    bounds,
    change,
    command,
    comment,
    companion_file,
    configuration,
    current_user,
    custom_ui,
    default_layer,
    deidentification,
    description,
    export,
    histogram,
    history,
    iiif,
    image_associated,
    image_consultation,
    image_crop,
    image_download,
    image_filter,
    image_group,
    image_group_image_instance,
    image_instance,
    image_picture,
    image_server,
    image_window,
    invitation,
    job,
    nested_image,
    ontology,
    ping,
    project,
    project_activity,
    project_connection,
    project_member,
    project_statistics,
    property,
    property_key,
    relation_term,
    resumable_upload,
    review,
    role,
    server_statistics,
    session,
    sign_in_token,
    slice_instance,
    slice_tile,
    slide_properties,
    storage,
    storage_member,
    tag,
    tag_domain_association,
    term,
    tile_grid,
    track,
    upload,
    uploaded_file,
    user,
    user_position,
    web_page,
    welcome,
    window_url,
)
from atrisys.settings import Settings
from atrisys.store import upgrade
from atrisys.store.session import Store
from atrisys.wire.application import Application
from atrisys.wire.routes import REQUESTS

RESOURCES = (
    abstract_image,
    abstract_slice,
    annotation,
    annotation_action,
    annotation_choice,
    annotation_comment,
    annotation_count,
    annotation_filter,
    annotation_group,
    annotation_index,
    annotation_link,
    annotation_listing,
    annotation_picture,
    annotation_report,
    annotation_shape,
    annotation_term,
    annotation_track,
    api_docs,
    attached_file,
    audit,
    bounds,
    change,
    command,
    comment,
    companion_file,
    configuration,
    current_user,
    custom_ui,
    default_layer,
    deidentification,
    description,
    export,
    histogram,
    history,
    iiif,
    image_associated,
    image_consultation,
    image_crop,
    image_download,
    image_filter,
    image_group,
    image_group_image_instance,
    image_instance,
    image_picture,
    image_server,
    image_window,
    invitation,
    job,
    nested_image,
    ontology,
    ping,
    project,
    project_activity,
    project_connection,
    project_member,
    project_statistics,
    property,
    property_key,
    relation_term,
    resumable_upload,
    review,
    role,
    server_statistics,
    session,
    sign_in_token,
    slice_instance,
    slice_tile,
    slide_properties,
    storage,
    storage_member,
    tag,
    tag_domain_association,
    term,
    tile_grid,
    track,
    upload,
    uploaded_file,
    user,
    user_position,
    web_page,
    welcome,
    window_url,
)

DONE_WITHIN_S = 10.0
"""What requests still do that were given up when the server was stopped."""
COLLECTED_AFTER = (20_000, 10, 10)
"""Objects after which the collector looks at those that are new; how often it does before it looks at older ones."""


def create_app(settings: Settings | None = None, store: Store | None = None) -> FastAPI:
    """ATrISys as an ASGI application. Without arguments: as the environment says."""
    return with_store(plan_app(settings or Settings()), store)


def plan_app(settings: Settings, processes: int = 1) -> FastAPI:
    """All of it that several processes can share: nothing is open yet."""
    return Application(
        settings,
        processes,
        chain.from_iterable(resource.routes.routes for resource in RESOURCES),
        title="ATrISys",
        version=__version__,
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )


def with_store(app: FastAPI, store: Store | None = None) -> FastAPI:
    """The same on a store; without one on that of its settings, which is made ready."""
    if store is None:
        store = Store(app.state.settings)
        upgrade.prepare(store)
    app.state.store = store
    app.state.key_box = KeyBox(store.folder.secret())
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings = app.state.settings
    keep_for_pictures()
    worker.configure(worker.Limits(settings.picture_workers, settings.picture_timeout_s, settings.picture_memory_mb))
    keep_opened_in(app.state.store.tiles)
    runner, keeper = Runner(app.state.store).start(), LogKeeper(app.state.store).start()
    # Routes, tables and models live as long as the process: the collector need not look at them again and again, which
    # cost a third of the time of a large request. Of a small request hardly anything refers to itself: looked at after
    # each few hundred objects it took a fourteenth longer.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED_AFTER)
    gc.enable()
    yield
    await run_in_threadpool(runner.stop)
    await run_in_threadpool(keeper.stop)
    # Nobody waits any longer for a decoder that hangs; what is being written down is, with what follows once it is.
    worker.close()
    keep_opened_in(None)
    await run_in_threadpool(REQUESTS.wait_until_idle, DONE_WITHIN_S)
    app.state.store.close()
