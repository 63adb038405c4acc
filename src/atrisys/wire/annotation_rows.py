"""Rows of annotation listings, written by the database."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any, Literal

import orjson
from fastapi import Request
from pydantic import Field
from sqlalchemy import ColumnElement, Select, String, case, cast, func, literal, select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.access.names import name_of
from atrisys.access.require import is_manager
from atrisys.geometry.frames import LEFT_TOP, Origin
from atrisys.geometry.wkt import wkb_to_wkt
from atrisys.store.tables import (
    TERMS_OF,
    AbstractImage,
    AbstractSlice,
    AnnotationDomain,
    ImageGroupImageInstance,
    ImageInstance,
    Project,
    ReviewedAnnotation,
    SecUser,
    SharedAnnotation,
    SliceInstance,
    UserAnnotation,
)
from atrisys.wire import dialect
from atrisys.wire.annotations import NO_GROUP, crop_word, groups_of, tracks_of
from atrisys.wire.described import Part, sometimes


class GivenTerm(Part):
    """One term, and who gave it."""

    id: int
    term: int
    user: list[int]


class Point(Part):
    """A place on the slide."""

    x: float
    y: float


class AnnotationRow(Part):
    """What a listing tells of an annotation: all of it where every `show…` is asked for."""

    cytomine_class: str = Field(serialization_alias="class")
    id: int
    created: int = sometimes()
    updated: int | None = sometimes()
    image: int = sometimes()
    slice: int = sometimes()
    project: int = sometimes()
    user: int = sometimes()
    version: int = sometimes()
    nb_comments: int = sometimes()
    count_reviewed_annotations: int = sometimes()
    reviewed: bool = sometimes()
    review_user: int | None = sometimes()
    parent_ident: int | None = sometimes()
    crop_url: str = sometimes("cropURL")
    small_crop_url: str = sometimes("smallCropURL")
    url: str = sometimes()
    image_url: str = sometimes("imageURL")
    location: str = sometimes()
    geometry_compression: float = sometimes()
    origin: Literal["left-top"] = sometimes()
    area: float = sometimes()
    area_unit: str = sometimes()
    perimeter: float = sometimes()
    perimeter_unit: str = sometimes()
    centroid: Point = sometimes()
    term: list[int] = sometimes()
    user_by_term: list[GivenTerm] = sometimes()
    track: list[int] = sometimes()
    annotation_track: list[dict[str, int]] = sometimes()
    creator: str = sometimes()
    name: str = sometimes()
    firstname: str = sometimes()
    lastname: str = sometimes()
    original_filename: str | None = sometimes()
    instance_filename: str | None = sometimes()
    channel: int = sometimes()
    z_stack: int = sometimes()
    time: int = sometimes()
    group: int | None = sometimes()
    annotation_link: list[dict[str, Any]] = sometimes()
    image_group: int | None = sometimes()
    count: int = sometimes()
    """Of `kmeans`: how many lie there."""
    ratio: float = sometimes()


@dataclass(frozen=True)
class AskedBy:
    """Who asks for a listing, where, and in which frame."""

    request: Request
    db: Session
    caller: Caller
    origin: Origin


class Rows:
    """Rows as JSON text.

    Whole numbers and plain texts are put together by the database itself, which is three times faster than here; what
    it would round (floats) or cannot escape (names) is added here, and what is rare is mended here.
    """

    def __init__(
        self, asked: AskedBy, groups: set[str], project: Project, kind: type[AnnotationDomain] = UserAnnotation
    ) -> None:
        self.asked, self.groups, self.project, self.kind = asked, groups, project, kind
        self.text: list[Any] = [f'{{"class":"{kind.cytomine_class}","id":', kind.id]
        self.columns: list[Any] = []
        self.more: list[tuple[slice, Callable[[list[Any]], list[str]]]] = []
        for group in ("Meta", "WKT", "GIS", "User", "Image", "Slice", "Track", "Link", "ImageGroup", "Term"):
            if group in groups:
                getattr(self, f"_{group.lower()}")()

    @property
    def query(self) -> Select[*tuple[Any, ...]]:
        query: Select[*tuple[Any, ...]] = select(self.kind.id, _joined(self.text), *self.columns)
        if self.groups & {"GIS", "Image"}:
            query = query.join(ImageInstance, ImageInstance.id == self.kind.image_id).join(
                AbstractImage, AbstractImage.id == ImageInstance.base_image_id
            )
        if "Slice" in self.groups:
            query = query.join(SliceInstance, SliceInstance.id == self.kind.slice_id).join(
                AbstractSlice, AbstractSlice.id == SliceInstance.base_slice_id
            )
        return query

    def json(self, batch: Any) -> bytes:
        """A batch of rows, joined by commas."""
        lines = [row[1] for row in batch]
        if "Term" in self.groups:
            self._mend_terms(lines, [row[0] for row in batch])
        if "WKT" in self.groups:
            self._mend_compression(lines, batch)
        for place, say in self.more:
            lines = list(map(",".join, zip(lines, say([row[place] for row in batch]), strict=True)))
        return ("},".join(lines) + "}").encode()

    def _add(self, say: Callable[[list[Any]], list[str]], *columns: Any) -> None:
        """A part that is said here, for all rows of a batch at once, from columns of its own."""
        start = 2 + len(self.columns)
        self.columns += columns
        self.more.append((slice(start, start + len(columns)), say))

    def _meta(self) -> None:
        row = self.kind
        base = orjson.dumps(dialect.address_of(self.asked.request))[1:-1].decode()
        crop = [f'"{base}/api/{crop_word(self.kind.cytomine_class)}/', row.id, "/crop.png"]
        self.text += [
            ',"created":', row.created, ',"updated":', func.coalesce(cast(row.updated, String), "null"),
            ',"image":', row.image_id, ',"slice":', row.slice_id, ',"project":', row.project_id,
            ',"user":', row.user_id, ',"version":', row.version,
            *self._comments(), *self._review(),
            ',"cropURL":', *crop, '","smallCropURL":', *crop, '?maxSize=256","url":', *crop,
            f'","imageURL":"{base}/#/project/', row.project_id, "/image/", row.image_id, "/annotation/", row.id, '"',
        ]  # fmt: skip

    def _comments(self) -> list[Any]:
        """How many there are, whoever may read them."""
        comment = SharedAnnotation
        if self.kind is not UserAnnotation or self.asked.db.scalar(select(comment.id).limit(1)) is None:
            return [',"nbComments":0']
        return [',"nbComments":', select(func.count()).where(comment.annotation_id == self.kind.id).scalar_subquery()]

    def _review(self) -> list[Any]:
        """Whether it was accepted; of an accepted copy by whom, and what it is a copy of."""
        copy = ReviewedAnnotation
        if self.kind is copy:
            said = func.coalesce(cast(copy.review_user_id, String), "null")
            of = func.coalesce(cast(copy.parent_id, String), "null")
            return [',"countReviewedAnnotations":0,"reviewed":true,"reviewUser":', said, ',"parentIdent":', of]
        any_here = select(copy.id).where(copy.project_id == self.project.id).limit(1)
        if self.asked.db.scalar(any_here) is None:
            return [',"countReviewedAnnotations":0,"reviewed":false']
        accepted = select(copy.id).where(copy.parent_id == self.kind.id).exists()
        counted, told = case((accepted, "1"), else_="0"), case((accepted, "true"), else_="false")
        return [',"countReviewedAnnotations":', counted, ',"reviewed":', told]

    def _wkt(self) -> None:
        self.compression = 2 + len(self.columns)
        self.columns.append(self.kind.geometry_compression)
        self.text.append(f",{NOT_COMPRESSED}")
        if self.asked.origin == LEFT_TOP:
            self._add(_in_image_order, self.kind.shape)
        else:
            # Locations hold letters, digits and brackets alone (actions/draw_annotations.py): they stand as they are.
            self.text += [',"location":"', self.kind.location, '"']

    def _gis(self) -> None:
        upright = self.asked.origin == LEFT_TOP
        y = self.kind.centroid_y if upright else func.coalesce(AbstractImage.height, 0) - self.kind.centroid_y
        self.text += [',"areaUnit":"', self.kind.area_unit, '","perimeterUnit":"', self.kind.perimeter_unit, '"']
        self._add(
            lambda rows: ['"area":{},"perimeter":{},"centroid":{{"x":{},"y":{}}}'.format(*row) for row in rows],
            self.kind.area, self.kind.perimeter, self.kind.centroid_x, y,
        )  # fmt: skip

    def _slice(self) -> None:
        plane = AbstractSlice
        self.text += [',"channel":', plane.channel, ',"zStack":', plane.z_stack, ',"time":', plane.time]

    def _track(self) -> None:
        def say(rows: list[Any]) -> list[str]:
            found = tracks_of(self.asked.db, [row[0] for row in rows])
            runs = [found.get(row[0], []) for row in rows]
            return [_inner({"track": [one["track"] for one in some], "annotationTrack": some}) for some in runs]

        self._add(say, self.kind.id)

    def _link(self) -> None:
        def say(rows: list[Any]) -> list[str]:
            found = groups_of(self.asked.db, self.asked.caller, [row[0] for row in rows])
            return [_inner(found.get(row[0], NO_GROUP)) for row in rows]

        self._add(say, self.kind.id)

    def _imagegroup(self) -> None:
        """The first of those that the image is in."""
        link = ImageGroupImageInstance
        first = select(func.min(link.group_id)).where(link.image_id == self.kind.image_id).scalar_subquery()
        self.text += [',"imageGroup":', func.coalesce(cast(first, String), "null")]

    def _user(self) -> None:
        said: dict[int, str] = {}

        def say(row: Any) -> str:
            if row[0] not in said:
                said[row[0]] = _inner(_named(self.asked.db.get_one(SecUser, row[0])))
            return said[row[0]]

        self._add(lambda rows: [say(row) for row in rows], self.kind.user_id)

    def _image(self) -> None:
        project = self.project
        blind = project.blind_mode and not is_manager(self.asked.db, self.asked.caller, project.id)

        def say(row: Any) -> str:
            base, original, instance = row
            names = (str(base), None) if blind else (original, instance)
            return _inner({"originalFilename": names[0], "instanceFilename": names[1]})

        names = ImageInstance.base_image_id, AbstractImage.original_filename, ImageInstance.instance_filename
        self._add(lambda rows: [say(row) for row in rows], *names)

    def _term(self) -> None:
        """Stands last: see _mend_terms."""
        link = TERMS_OF[self.kind]
        one = ['"term":[', link.term_id, '],"userByTerm":[{"id":', link.id]
        one += [',"term":', link.term_id, ',"user":[', link.user_id, "]}]"]
        said = select(_joined(one)).where(link.annotation_id == self.kind.id).limit(1).scalar_subquery()
        self.text += [",", func.coalesce(said, NO_TERM)]

    def _mend_terms(self, lines: list[str], ids: list[int]) -> None:
        """Annotations that bear several terms, or one from several people."""
        link = TERMS_OF[self.kind]
        first, last = min(ids), max(ids)
        links = select(link.annotation_id).where(link.annotation_id.between(first, last))
        if last - first > 4 * len(ids):
            links = links.where(link.annotation_id.in_(ids))
        links = links.group_by(link.annotation_id).having(func.count() > 1)
        several: dict[int, dict[int, list[int]]] = {id: {} for id in self.asked.db.scalars(links)}
        for annotation, term, link, user in self._links_of(several):
            several[annotation].setdefault(term, [link]).append(user)
        places = {id: place for place, id in enumerate(ids)} if several else {}
        for annotation in several.keys() & places.keys():
            terms, line = several[annotation], lines[places[annotation]]
            lines[places[annotation]] = line[: line.rindex('"term":[')] + '"term":[{}],"userByTerm":[{}]'.format(
                ",".join(map(str, terms)),
                ",".join(f'{{"id":{own[0]},"term":{term},"user":{own[1:]}}}' for term, own in terms.items()),
            )

    def _mend_compression(self, lines: list[str], batch: Any) -> None:
        """Annotations that were simplified: the database would round the number."""
        for place, row in enumerate(batch):
            if compression := row[self.compression]:
                said = f'"geometryCompression":{compression}'
                lines[place] = lines[place].replace(NOT_COMPRESSED, said, 1)

    def _links_of(self, several: Any) -> Any:
        link = TERMS_OF[self.kind]
        links = select(link.annotation_id, link.term_id, link.id, link.user_id)
        ids = link.annotation_id.in_(list(several))
        return self.asked.db.execute(links.where(ids).order_by(link.id)) if several else ()


def _named(user: SecUser) -> dict[str, Any]:
    return {"creator": user.username, "name": name_of(user), "firstname": user.firstname, "lastname": user.lastname}


def _inner(values: dict[str, Any]) -> str:
    """JSON without its braces."""
    return orjson.dumps(values)[1:-1].decode()


def _joined(parts: list[Any]) -> ColumnElement[str]:
    """Texts, and columns between them, as one text of the database."""
    texts = [literal(part) if isinstance(part, str) else cast(part, String) for part in parts]
    return reduce(lambda one, two: one.concat(two), texts)


def _in_image_order(rows: list[Any]) -> list[str]:
    return [f'"location":"{text}","origin":"left-top"' for text in wkb_to_wkt([row[0] for row in rows])]


NO_TERM = '"term":[],"userByTerm":[]'
NOT_COMPRESSED = '"geometryCompression":0.0'
