"""What lists of images are sorted and filtered by, beside their own columns."""

from typing import Any

from sqlalchemy import String, case, cast, func, literal, select

from atrisys.access.caller import Caller
from atrisys.access.visible import Layers, may_know
from atrisys.store.tables import (
    AbstractImage,
    AnnotationCount,
    ImageGroupImageInstance,
    ImageInstance,
    ReviewedAnnotationCount,
    UploadedFile,
    UserAnnotationCount,
)
from atrisys.wire.filters import Several, tags_of

FILE_TYPE = select(UploadedFile.content_type).where(UploadedFile.id == AbstractImage.uploaded_file_id).scalar_subquery()
CONTENT_TYPE = func.coalesce(func.nullif(FILE_TYPE, "", type_=String), AbstractImage.format)
"""Of a slide, as its file has it where there is one."""


def _of_base(column: Any) -> Any:
    """What the slide itself has."""
    return select(column).where(AbstractImage.id == ImageInstance.base_image_id).scalar_subquery()


def _own_or_base(name: str) -> Any:
    return func.coalesce(getattr(ImageInstance, name), _of_base(getattr(AbstractImage, name)))


def name_for(caller: Caller) -> Any:
    """Of an image: what people call it, or its slide's number where it is blinded to the caller."""
    number = cast(ImageInstance.base_image_id, String)
    return case((may_know(caller, ImageInstance), ImageInstance.instance_filename), else_=number)


def _number_on(counts: type[AnnotationCount], seen: Layers) -> Any:
    return select(counts.total()).where(counts.image_id == ImageInstance.id, seen(counts)).scalar_subquery()


def columns_for(caller: Caller, seen: Layers) -> dict[str, Any]:
    """Of images in projects. Where they are blinded to the caller, names are the slide's number and tags are none.

    `seen`: whose annotations count.
    """
    known, number = may_know(caller, ImageInstance), cast(ImageInstance.base_image_id, String)
    plain = ("width", "height", "depth", "duration", "channels", "colorspace")
    name = name_for(caller)
    original = case((known, _of_base(AbstractImage.original_filename)), else_=number)
    tags = tags_of(ImageInstance.id, known)
    return {
        **{column: _of_base(getattr(AbstractImage, column)) for column in plain},
        "name": name,
        "instanceFilename": name,
        "blindedName": number,
        "originalFilename": original,
        "filename": original,
        "contentType": _of_base(CONTENT_TYPE),
        "physicalSizeX": _own_or_base("mpp_x"),
        "physicalSizeY": _own_or_base("mpp_y"),
        "physicalSizeZ": _own_or_base("mpp_z"),
        "fps": _own_or_base("fps"),
        "magnification": _own_or_base("magnification"),
        "include": ImageInstance.base_image_id,
        "tag": tags,
        "tags": tags,
        "imageGroup": Several(ImageGroupImageInstance.group_id, ImageGroupImageInstance.image_id == ImageInstance.id),
        "numberOfAnnotations": _number_on(UserAnnotationCount, seen),
        "numberOfJobAnnotations": literal(0),
        "numberOfReviewedAnnotations": _number_on(ReviewedAnnotationCount, seen),
    }
