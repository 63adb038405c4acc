"""What images of projects can be sorted and filtered by, beside their own columns."""

from typing import Any

from sqlalchemy import ColumnElement, String, cast, func, select

from atrisys.store.tables import AbstractImage, ImageInstance, UserAnnotation


def _of_base(name: str) -> Any:
    """A column of the slide itself, to sort instances by."""
    return select(getattr(AbstractImage, name)).where(AbstractImage.id == ImageInstance.base_image_id).scalar_subquery()


def _own_or_base(name: str) -> Any:
    return func.coalesce(getattr(ImageInstance, name), _of_base(name))


def sortable(*, blinded: bool, seen: ColumnElement[bool]) -> dict[str, Any]:
    """What a list may be sorted by beside its own columns. The order of a blinded list tells nothing of names.

    `seen`: which annotations count.
    """
    drawn = select(func.count()).where(UserAnnotation.image_id == ImageInstance.id, seen).scalar_subquery()
    plain = ("width", "height", "depth", "duration", "channels", "colorspace")
    name = ImageInstance.base_image_id if blinded else ImageInstance.instance_filename
    original = ImageInstance.base_image_id if blinded else _of_base("original_filename")
    return {
        **{column: _of_base(column) for column in plain},
        "name": name,
        "instanceFilename": name,
        "blindedName": ImageInstance.base_image_id,
        "originalFilename": original,
        "filename": original,
        "contentType": _of_base("format"),
        "physicalSizeX": _own_or_base("mpp_x"),
        "physicalSizeY": _own_or_base("mpp_y"),
        "physicalSizeZ": _own_or_base("mpp_z"),
        "fps": _own_or_base("fps"),
        "magnification": _own_or_base("magnification"),
        "numberOfAnnotations": drawn,
    }


def filtered(*, blinded: bool) -> dict[str, Any]:
    """What a list may be filtered by. In a blinded one a name is what is shown in its place."""
    name = cast(ImageInstance.base_image_id, String) if blinded else ImageInstance.instance_filename
    return {"name": name, "instanceFilename": name}
