"""What an export is made of: plain records of images and annotations, and what was wrong with one of them."""

from dataclasses import dataclass

from shapely.geometry.base import BaseGeometry

from atrisys.imaging.reader import Plane

UNLABELED = "Unlabeled"
"""Class name of an annotation without a term."""
UNNUMBERED = 255
"""Class number of an annotation without a term, or whose term has no number."""


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """One slide of a project."""

    id: int
    name: str
    width: int
    """Level-0 pixels."""
    height: int
    mpp_x: float | None = None
    """µm per pixel."""
    mpp_y: float | None = None
    magnification: float | None = None
    """Of the objective."""
    case: str | None = None
    """The patient or block; training sets are split by it."""


@dataclass(frozen=True, slots=True)
class AnnotationRecord:
    """One shape with its class."""

    id: int
    image_id: int
    shape: BaseGeometry | bytes
    """In image order (level-0 pixels, origin top left, y down); bytes are WKB."""
    class_id: int = UNNUMBERED
    """0–255, as `ClassMap.of` says."""
    class_name: str = UNLABELED
    terms: tuple[str, ...] = ()
    """Names of all its terms, in the listing's order."""
    source: str | None = None
    """human, import, or a model with its version."""
    parent_id: int | None = None
    """The annotation that this one corrects."""
    plane: Plane = Plane()  # noqa: RUF009


@dataclass(frozen=True, slots=True)
class Problem:
    """An annotation that was left out, and why; it never ends an export or an import."""

    annotation_id: int | None
    reason: str
    number: int | None = None
    """Its place in a file that was read, counted from 1."""
