"""What a slide tells beyond its pixels (label, macro, metadata, the file itself), and who may have it."""

import re

from sqlalchemy import select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.access.require import is_manager
from atrisys.access.slides import require_slide_reader, with_labels
from atrisys.access.visible import UNBLINDED, may_know
from atrisys.errors import NotAllowed
from atrisys.store.table import Table
from atrisys.store.tables import AbstractImage, ImageInstance, Project, ProjectMember, Storage, UploadedFile

SECRET = ("label", "macro")
"""Pictures that may name the patient. (The scanner's own thumbnail may too: it is shown to nobody.)"""
_MEASURED = frozenset(
    (
        *("openslide.mpp-x", "openslide.mpp-y", "openslide.objective-power", "aperio.AppMag", "aperio.MPP"),
        *("tiff.XResolution", "tiff.YResolution", "tiff.BitsPerSample", "ome.Objective.NominalMagnification"),
        *(f"ome.Pixels.Size{axis}" for axis in "XYZCT"),
        *(f"ome.Pixels.PhysicalSize{axis}" for axis in "XYZ"),
    )
)
_NUMBER = re.compile(r"[+-]?\d{0,6}(\.\d{0,12})?([eE][+-]?\d{1,3})?")


def may_see_labels(db: Session, caller: Caller, base_id: int) -> bool:
    """Managers of a project that holds the image, and owners of its storage."""
    return bool(with_labels(db, caller, [base_id]))


def require_label_viewer(db: Session, caller: Caller, base_id: int) -> None:
    if not may_see_labels(db, caller, base_id):
        raise NotAllowed(
            "Label and macro of image {image} are shown to managers of its projects and to the owner of its storage.",
            image=base_id,
        )


def require_metadata_of(db: Session, caller: Caller, row: Table) -> None:
    """Everybody who sees an object, but of images (and their slices) not the contributors of a blinded project."""
    kind = type(row)
    if kind in UNBLINDED and db.scalar(select(kind.id).where(kind.id == row.id, may_know(caller, kind))) is None:
        image_id = getattr(row, "image_id", row.id)
        raise NotAllowed("The metadata of image {image} are hidden: its project is blinded.", image=image_id)


def told_metadata(db: Session, caller: Caller, base: AbstractImage) -> dict[str, str]:
    """What a slide's file says of itself: all of it for who may see its label, since scanners and people write names
    into any of it; for others the sizes and magnifications alone, where they are numbers."""
    pairs: dict[str, str] = (base.facts or {}).get("metadata", {})
    if may_see_labels(db, caller, base.id):
        return pairs
    return {key: value for key, value in pairs.items() if key in _MEASURED and _NUMBER.fullmatch(str(value))}


def require_download_of(db: Session, caller: Caller, row: AbstractImage | ImageInstance) -> None:
    """Download it. Who may not see its label gets a clean copy (`may_see_labels`): the original holds all of it.

    In a project: its managers, and its members where it says so and is not blinded. Of the slide itself: who may read
    its storage, managers of any of its projects, and members of such a project.
    """
    if isinstance(row, ImageInstance):
        project = db.get_one(Project, row.project_id)
        if not (_hands_out(project) or is_manager(db, caller, project.id)):
            raise NotAllowed("The images of project {project} are downloaded by its managers.", project=project.id)
        return
    open_ones = (
        select(Project)
        .join(ImageInstance, ImageInstance.project_id == Project.id)
        .join(ProjectMember, ProjectMember.project_id == Project.id)
        .where(ImageInstance.base_image_id == row.id, ProjectMember.user_id == caller.id)
    )
    if not any(_hands_out(project) for project in db.scalars(open_ones)):
        require_slide_reader(db, caller, row)


def require_file_owner(db: Session, caller: Caller, file: UploadedFile) -> None:
    """Have the bytes of a file that nobody has made a slide of: who sent it, and the owner of its storage."""
    owner = db.get_one(Storage, file.storage_id).user_id
    if caller.id not in (file.user_id, owner) and not caller.is_admin:
        raise NotAllowed("File {file} is downloaded by who sent it and by the owner of its storage.", file=file.id)


def _hands_out(project: Project) -> bool:
    return project.are_images_downloadable and not project.blind_mode
