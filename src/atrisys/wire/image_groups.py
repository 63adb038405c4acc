"""Which images are in which groups, as the wire has it."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from atrisys.store.by_ids import pairs_for, rows_for
from atrisys.store.tables import ImageGroup, ImageGroupImageInstance
from atrisys.wire.fields import Model, shows


class LinkOut(Model):
    group_id: int
    group_name: str
    image_id: int


@shows(ImageGroupImageInstance)
def show_link(db: Session, link: ImageGroupImageInstance) -> dict[str, Any]:
    return show_links(db, [link])[0]


def show_links(db: Session, links: Sequence[ImageGroupImageInstance]) -> list[dict[str, Any]]:
    """Images in groups, with the groups' names."""
    names = pairs_for(db, select(ImageGroup.id, ImageGroup.name), ImageGroup.id, [link.group_id for link in links])
    return [LinkOut.of(link, group_name=names[link.group_id]).wire() for link in links]


def links_of_images(db: Session, images: Iterable[int]) -> dict[int, list[dict[str, Any]]]:
    """The groups that images are in, by image; of those that are in some."""
    query = select(ImageGroupImageInstance).order_by(ImageGroupImageInstance.id)
    links = [row for (row,) in rows_for(db, query, ImageGroupImageInstance.image_id, images)]
    found: dict[int, list[dict[str, Any]]] = {}
    for wire in show_links(db, links):
        found.setdefault(wire["image"], []).append(wire)
    return found
