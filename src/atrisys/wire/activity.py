"""What lists of people's activity share: moments, periods, how images are called."""

from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import Depends, Query
from sqlalchemy import ColumnElement, Select, and_, case, func, select, true
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.access.visible import may_know
from atrisys.errors import Invalid
from atrisys.store.by_ids import rows_for
from atrisys.store.table import now_ms
from atrisys.store.tables import AbstractImage, ImageConsultation, ImageInstance, Project, ProjectConnection, SecUser

ONLINE_MS, LOOKS_MS = 300_000, 30_000
"""After a sign of life somebody counts as present for so long; after a position as looking at the image."""
HOUR_MS = 3_600_000
DAY_MS, WEEK_MS = 24 * HOUR_MS, 7 * 24 * HOUR_MS
MONDAY_MS = 4 * DAY_MS
"""The first Monday, 1970-01-05: weeks begin with it."""
LENGTHS = {"hour": HOUR_MS, "day": DAY_MS, "week": WEEK_MS}


class Moments:
    """Between which two moments (epoch ms) something happened, as far as the request says."""

    def __init__(self, after: int | None, before: int | None) -> None:
        self.after, self.before = after, before

    def of(self, created: Any) -> ColumnElement[bool]:
        rules = [created > self.after] if self.after is not None else []
        return and_(true(), *rules, *([created < self.before] if self.before is not None else []))


Moment = Annotated[int | None, Query(ge=0, lt=2**53)]


async def _moments(afterThan: Moment = None, beforeThan: Moment = None) -> Moments:
    return Moments(afterThan, beforeThan)


async def _dates(startDate: Moment = None, endDate: Moment = None) -> Moments:
    return Moments(startDate, endDate)


Between = Annotated[Moments, Depends(_moments)]
"""`afterThan` and `beforeThan`."""
Dates = Annotated[Moments, Depends(_dates)]
"""`startDate` and `endDate`."""


def length_of(period: str | None) -> int:
    """Milliseconds of an hour, day or week. Raises Invalid for another word."""
    if period not in LENGTHS:
        raise Invalid("period must be one of {periods}.", periods=", ".join(LENGTHS))
    return LENGTHS[period]


def start_of(created: Any, length: int) -> Any:
    """When the period began in which something happened: UTC, weeks from Monday on."""
    shift = MONDAY_MS if length == WEEK_MS else 0
    return (created - shift) // length * length + shift


def fresh_connections(project_ids: Any) -> Select[int]:
    """Who is present in one of these projects."""
    row = ProjectConnection
    return select(row.user_id).where(row.project_id.in_(project_ids), row.last_seen > now_ms() - ONLINE_MS)


class ImageName:
    """How an image may be called towards the caller: both names are None where the project is blinded to them."""

    def __init__(self, row: Any) -> None:
        self.id, self.project_id, base_id, blind, self.name, self.original = row
        self.blinded = str(base_id) if blind else None

    @property
    def shown(self) -> str | None:
        return self.blinded if self.name is None else self.name


def names_of(db: Session, caller: Caller, image_ids: Iterable[int]) -> dict[int, ImageName]:
    known = may_know(caller, ImageInstance)
    query = (
        select(
            ImageInstance.id,
            ImageInstance.project_id,
            ImageInstance.base_image_id,
            Project.blind_mode,
            case((known, ImageInstance.instance_filename)),
            case((known, AbstractImage.original_filename)),
        )
        .join(AbstractImage, AbstractImage.id == ImageInstance.base_image_id)
        .join(Project, Project.id == ImageInstance.project_id)
    )
    return {row[0]: ImageName(row) for row in rows_for(db, query, ImageInstance.id, image_ids)}


def thumb_of(address: str, image_id: int) -> str:
    return f"{address}/api/imageinstance/{image_id}/thumb.png?maxSize=256"


def in_project(project_id: int) -> Select[int]:
    """The ids of a project's images."""
    return select(ImageInstance.id).where(ImageInstance.project_id == project_id)


def of_member(project_id: int) -> dict[str, Any]:
    """What lists of members tell of each one's activity in a project, as columns beside SecUser."""

    def of(value: Any, kind: Any, *rules: Any) -> Any:
        return select(value).where(kind.user_id == SecUser.id, *rules).correlate(SecUser)

    consulted = ImageConsultation.image_id.in_(in_project(project_id))
    connected = ProjectConnection.project_id == project_id
    last_image = of(ImageConsultation.image_id, ImageConsultation, consulted).order_by(ImageConsultation.id.desc())
    return {
        "lastImage": last_image.limit(1).scalar_subquery(),
        "lastConsultation": of(func.max(ImageConsultation.created), ImageConsultation, consulted).scalar_subquery(),
        "numberConsultations": of(func.count(), ImageConsultation, consulted).scalar_subquery(),
        "lastConnection": of(func.max(ProjectConnection.created), ProjectConnection, connected).scalar_subquery(),
        "numberConnections": of(func.count(), ProjectConnection, connected).scalar_subquery(),
    }
