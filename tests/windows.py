"""Windows of a slide whose pixels are known."""

from pathlib import Path

from sqlalchemy.orm import Session

from atrisys.store.tables import ImageInstance
from given import slides

TRUE = slides.tissue(900, 700)


def true_slide(folder: Path) -> Path:
    """A slide without loss: its windows hold exactly TRUE."""
    return slides.pyramid(folder / "slide.tif", TRUE, compression="zlib")


def row_of(db: Session, image: int) -> ImageInstance:
    return db.get_one(ImageInstance, image)


def window(x: int, y: int, w: int, h: int, image: int, format: str = "png", noun: str = "imageinstance") -> str:
    return f"/api/{noun}/{image}/window-{x}-{y}-{w}-{h}.{format}"
