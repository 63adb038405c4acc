"""Images of projects as the wire has them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.access.slides import with_labels
from atrisys.access.visible import layers_in
from atrisys.imaging.pyramid import zoom_of
from atrisys.imaging.reader import SlideFacts
from atrisys.store.by_ids import objects_for, pairs_for
from atrisys.store.tables import (
    AbstractImage,
    ImageInstance,
    Project,
    ProjectMember,
    ReviewedAnnotationCount,
    UploadedFile,
    UserAnnotationCount,
)
from atrisys.wire.described import Part, sometimes
from atrisys.wire.fields import Model, Moment, shows


class ImageInstanceOut(Model):
    base_image_id: int
    project_id: int
    project_name: str
    project_blind: bool
    user_id: int
    instance_filename: str | None
    filename: str | None
    original_filename: str | None
    blinded_name: str | None
    path: str | None
    content_type: str | None
    width: int | None
    height: int | None
    depth: int
    duration: int
    channels: int
    extrinsic_channels: int
    apparent_channels: int
    bit_per_sample: int
    sample_per_pixel: int
    colorspace: str | None
    tile_size: int
    is_virtual: bool
    zoom: int | None
    physical_size_x: float | None
    physical_size_y: float | None
    physical_size_z: float | None
    fps: float | None
    magnification: float | None
    review_start: Moment
    review_stop: Moment
    review_user_id: int | None
    reviewed: bool
    in_review: bool
    number_of_annotations: int
    number_of_job_annotations: int = 0
    number_of_reviewed_annotations: int
    thumb: str
    preview: str
    macro_url: str | None = Field(serialization_alias="macroURL")


class ImageMore(Part):
    """What lists of images hold where it is asked for."""

    last_activity: int | None = sometimes()
    image_group: list[dict[str, Any]] = sometimes()


@dataclass(frozen=True)
class _Around:
    """What a page of images needs to know beside its own rows."""

    bases: dict[int, AbstractImage]
    files: dict[int, UploadedFile]
    projects: dict[int, Project]
    managed: set[int]
    """Projects whose real names the caller may know, blinded or not."""
    labelled: set[int]
    drawn: dict[int, int]
    accepted: dict[int, int]
    address: str


@shows(ImageInstance)
def show_image(db: Session, image: ImageInstance) -> dict[str, Any]:
    return show_images(db, [image])[0]


def show_images(
    db: Session, images: Sequence[ImageInstance], caller: Caller | None = None, address: str = ""
) -> list[dict[str, Any]]:
    """Images with their slides and counts of what the caller sees; only managers are told a blinded project's names.

    `address`: the server's, for thumb, preview and macroURL.
    """
    bases = objects_for(db, AbstractImage, [image.base_image_id for image in images])
    projects = objects_for(db, Project, [image.project_id for image in images])
    ids = [image.id for image in images]
    drawn, accepted = (
        pairs_for(
            db,
            select(kind.image_id, kind.total())
            .where(layers_in(db, caller, *projects.values(), kind=kind))
            .group_by(kind.image_id),
            kind.image_id,
            ids,
        )
        for kind in (UserAnnotationCount, ReviewedAnnotationCount)
    )
    around = _Around(
        bases=bases,
        files=objects_for(db, UploadedFile, [base.uploaded_file_id for base in bases.values()]),
        projects=projects,
        managed=managed_among(db, caller, projects),
        labelled=with_labels(db, caller, bases),
        drawn=drawn,
        accepted=accepted,
        address=address,
    )
    return [_wire(image, around) for image in images]


def managed_among(db: Session, caller: Caller | None, projects: dict[int, Project]) -> set[int]:
    if caller is None:
        return set()
    if caller.is_admin:
        return set(projects)
    query = select(ProjectMember.project_id).where(ProjectMember.user_id == caller.id, ProjectMember.is_manager)
    return set(db.scalars(query)) & set(projects)


def _wire(image: ImageInstance, around: _Around) -> dict[str, Any]:
    base, project = around.bases[image.base_image_id], around.projects[image.project_id]
    file = around.files.get(base.uploaded_file_id or 0)
    named = not project.blind_mode or project.id in around.managed
    here = f"{around.address}/api/imageinstance/{image.id}"
    macro = base.id in around.labelled and "macro" in (base.facts or {}).get("associated", ())
    magnification = image.magnification or base.magnification
    out = ImageInstanceOut.of(
        image,
        **{name: getattr(base, name) for name in ("width", "height", "depth", "duration", "channels", "colorspace")},
        **{name: getattr(base, name) for name in ("tile_size", "is_virtual")},
        project_name=project.name,
        project_blind=project.blind_mode,
        instance_filename=image.instance_filename if named else None,
        filename=base.original_filename if named else None,
        original_filename=base.original_filename if named else None,
        blinded_name=str(base.id) if project.blind_mode else None,
        path=file.filename if file and named else None,
        content_type=(file.content_type if file else None) or base.format,
        extrinsic_channels=base.channels * base.samples_per_pixel,
        apparent_channels=base.channels * base.samples_per_pixel,
        bit_per_sample=base.bits_per_sample,
        sample_per_pixel=base.samples_per_pixel,
        zoom=zoom_of(SlideFacts("", base.width, base.height, ())) if base.width and base.height else None,
        physical_size_x=image.mpp_x or base.mpp_x,
        physical_size_y=image.mpp_y or base.mpp_y,
        physical_size_z=image.mpp_z or base.mpp_z,
        fps=image.fps or base.fps,
        magnification=magnification,
        reviewed=image.review_stop is not None,
        in_review=image.review_start is not None and image.review_stop is None,
        number_of_annotations=around.drawn.get(image.id, 0),
        number_of_reviewed_annotations=around.accepted.get(image.id, 0),
        thumb=f"{here}/thumb.png?maxSize=512",
        preview=f"{here}/thumb.png?maxSize=1024",
        macro_url=f"{here}/associated/macro.png?maxSize=512" if macro else None,
    )
    wire = out.wire()
    if magnification is not None and magnification == int(magnification):
        wire["magnification"] = int(magnification)
    return wire
