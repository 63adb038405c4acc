"""Lists of annotations: cut in the database, answered as a stream."""

from collections.abc import Callable, Iterator
from functools import reduce
from typing import Any

import orjson
from fastapi import Request
from sqlalchemy import ColumnElement, Select, String, cast, func, literal, select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.require import is_manager
from atrisys.actions import find_annotations
from atrisys.actions.find_annotations import Wanted
from atrisys.errors import Invalid, NotFound
from atrisys.geometry.frames import LEFT_TOP, Origin
from atrisys.geometry.wkt import wkb_to_wkt
from atrisys.store import spatial
from atrisys.store.tables import (
    AbstractImage,
    AbstractSlice,
    AnnotationTerm,
    ImageInstance,
    Project,
    SecUser,
    SliceInstance,
    UserAnnotation,
)
from atrisys.wire import dialect
from atrisys.wire.asking import CurrentUser, Db, Find, Finder, PageQuery, Paging
from atrisys.wire.bodies import JsonBody
from atrisys.wire.routes import Routes, only_reads
from atrisys.wire.search_shapes import read_box, read_search_shape

routes = Routes(tags=["annotation"])

BATCH = 2_000
GROUPS = ("Basic", "Meta", "WKT", "GIS", "Term", "Track", "User", "Image", "Slice", "ImageGroup", "Link", "Algo")
DEFAULT_GROUPS = {"Basic", "Meta", "Term"}
NOT_YET = ("track", "tracks", "group", "groups", "reviewUsers")
"""Nothing has any of these yet, so whoever asks for some gets none."""
Row = UserAnnotation


@routes.get("/api/annotation.json")
@routes.get("/api/annotation/search.json")
def list_annotations(request: Request, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """Annotations of a project, of images or of slices, newest first; `show…` chooses what each row holds.

    Of where: `project`, `image`, `images`, `slice`, `slices`. Which of them: `user`, `users`, `term`, `terms`,
    `usersForTerm`, `noTerm`, `multipleTerm`, `tag`, `tags`, `noTag`, `bbox` (WKT, or minX,minY,maxX,maxY),
    `bboxAnnotation`, `baseAnnotation` with `maxDistanceBaseAnnotation`, `excludedAnnotation`, `afterThan` and
    `beforeThan` (epoch ms). Several ids are joined by commas.

    What each row holds: `showBasic`, `showMeta`, `showWKT`, `showGIS`, `showTerm`, `showUser`, `showImage`, `showSlice`
    (each `=true`); without any, basic, meta and term (`showDefault` adds these); `hide…` takes one away.
    `origin=left-top` gives shapes in image order.
    """
    return _list(Asked(dict(request.query_params), request, db, user, find), page)


@routes.post("/api/annotation/search.json")
@only_reads
def search_annotations(
    body: JsonBody, request: Request, db: Db, user: CurrentUser, find: Find, page: PageQuery
) -> Response:
    """The same with the parameters in the body."""
    if body is not None and not isinstance(body, dict):
        raise Invalid("An object is expected, not {value}.", value=str(body)[:80])
    said = {key: _text(value) for key, value in (body or {}).items()}
    page.read({**request.query_params, **said})
    return _list(Asked({**dict(request.query_params), **said}, request, db, user, find), page)


@routes.get("/api/annotation/included.json")
def list_included(request: Request, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """Annotations of an image that touch a geometry (WKT) or another annotation."""
    return _list(Asked({**dict(request.query_params), **_inside(request)}, request, db, user, find), page)


@routes.get("/api/imageinstance/{image:int}/annotation/included.json")
def list_included_of_image(
    image: int, request: Request, db: Db, user: CurrentUser, find: Find, page: PageQuery
) -> Response:
    """The same, with the image in the address."""
    said = {**dict(request.query_params), **_inside(request), "image": str(image)}
    return _list(Asked(said, request, db, user, find), page)


def _inside(request: Request) -> dict[str, str | None]:
    query = request.query_params
    if annotation := query.get("annotation"):
        return {"bboxAnnotation": annotation, "excludedAnnotation": annotation}
    if geometry := query.get("geometry"):
        return {"bbox": geometry}
    raise Invalid("Name the geometry (WKT) or the annotation that the others must touch.")


class Asked:
    """What a listing is asked for, and by whom."""

    def __init__(
        self, said: dict[str, str | None], request: Request, db: Session, caller: Caller, find: Finder
    ) -> None:
        self.said, self.request, self.db, self.caller, self.find = said, request, db, caller, find
        self.origin: Origin = dialect.read_origin(said.get("origin"))

    def yes(self, name: str) -> bool:
        return bool(dialect.says_yes(self.said.get(name)))

    def text(self, name: str) -> str | None:
        """None where nothing was said; the clients say nothing in several words."""
        value = self.said.get(name)
        return None if value is None or value.strip().lower() in ("null", "none") else value.strip()

    def ids(self, *names: str) -> list[int] | None:
        """The ids of a comma list (or the older underscore list); None is no filter, empty lets nothing pass."""
        found: list[int] | None = None
        for name in names:
            value = self.text(name)
            if value is None or (value == "" and name in ("project", "image", "slice", "user", "term", "tag")):
                continue
            parts = [part for part in value.strip("[]").replace("_", ",").split(",") if part.strip()]
            found = [*(found or []), *(_whole(name, part) for part in parts)]
        return found

    def number(self, name: str) -> int | None:
        value = self.text(name)
        return None if value is None else _whole(name, value)

    def distance(self) -> float:
        value = self.text("maxDistanceBaseAnnotation") or "0"
        try:
            within = float(value)
        except ValueError:
            within = -1.0
        if not 0 <= within < 1e9:
            raise Invalid("{name} must be a number, not {value}.", name="maxDistanceBaseAnnotation", value=value)
        return within

    def wanted(self) -> Wanted:
        box, base = self.text("bbox"), self.text("baseAnnotation") or ""
        return Wanted(
            projects=self.ids("project"),
            images=self.ids("image", "images"),
            slices=self.ids("slice", "slices"),
            users=self.ids("user", "users"),
            users_for_term=self.ids("usersForTerm"),
            terms=self.ids("term", "terms"),
            no_term=self.yes("noTerm"),
            multiple_term=self.yes("multipleTerm"),
            tags=self.ids("tag", "tags"),
            no_tag=self.yes("noTag"),
            origin=self.origin,
            touching=read_box(box) if box else None,
            touching_annotation=self.number("bboxAnnotation"),
            near=read_search_shape(base) if base and not base.isdecimal() else None,
            near_annotation=_whole("baseAnnotation", base) if base.isdecimal() else None,
            within_px=self.distance(),
            after=self.number("afterThan"),
            before=self.number("beforeThan"),
            excluded=self.number("excludedAnnotation"),
            nothing=self.yes("reviewed")
            or self.yes("multipleTrack")
            or any(self.ids(name) is not None for name in NOT_YET),
        )

    def groups(self) -> set[str]:
        """Which columns: those asked for, or the default ones; less those to hide."""
        shown = {group for group in GROUPS if self.yes(f"show{group}")}
        if not shown or self.yes("showDefault"):
            shown |= DEFAULT_GROUPS
        shown -= {group for group in GROUPS if self.yes(f"hide{group}")}
        if not shown:
            raise NotFound("No column is left to show. Ask for showBasic=true at least.")
        return shown


def _text(value: Any) -> str | None:
    if isinstance(value, list):
        return ",".join(str(item) for item in value)
    return None if value is None else str(value)


def _whole(name: str, value: str | None) -> int:
    try:
        return int(value or "")
    except ValueError:
        raise Invalid("{name} must be a number, not {value}.", name=name, value=value) from None


def _list(asked: Asked, page: Paging) -> Response:
    db = asked.db
    groups = asked.groups()
    project, chosen = find_annotations.conditions(db, asked.caller, asked.wanted())
    total = db.scalar(select(func.count()).select_from(select(Row.id).where(*chosen).subquery())) or 0
    table = Rows(asked, groups, project)
    rows = table.query.where(*chosen).order_by(Row.id.desc()).offset(page.offset)
    if page.length:
        rows = rows.limit(page.length)
    db.info["streaming"] = True
    return page.stream(_pieces(db, table, rows), total)


def _pieces(db: Session, table: "Rows", query: Select[*tuple[Any, ...]]) -> Iterator[bytes]:
    """The rows as JSON, a batch at a time; the session is closed when the last one is sent, or nobody listens."""
    try:
        # Past the mapper: these are columns, and a hundred thousand of them.
        result = db.connection().execute(spatial.streamed(query, BATCH))
        for batch in result.partitions(BATCH):
            yield table.json(batch)
    finally:
        db.close()


class Rows:
    """Rows as JSON text.

    Whole numbers and plain texts are put together by the database itself, which is three times faster than here; what
    it would round (floats) or cannot escape (names) is added here, and what is rare is mended here.
    """

    def __init__(self, asked: Asked, groups: set[str], project: Project) -> None:
        self.asked, self.groups, self.project = asked, groups, project
        self.text: list[Any] = [f'{{"class":"{Row.cytomine_class}","id":', Row.id]
        self.columns: list[Any] = []
        self.more: list[tuple[slice, Callable[[list[Any]], list[str]]]] = []
        for group in ("Meta", "WKT", "GIS", "User", "Image", "Slice", "Track", "Link", "ImageGroup", "Term"):
            if group in groups:
                getattr(self, f"_{group.lower()}")()

    @property
    def query(self) -> Select[*tuple[Any, ...]]:
        query: Select[*tuple[Any, ...]] = select(Row.id, _joined(self.text), *self.columns)
        if self.groups & {"GIS", "Image"}:
            query = query.join(ImageInstance, ImageInstance.id == Row.image_id).join(
                AbstractImage, AbstractImage.id == ImageInstance.base_image_id
            )
        if "Slice" in self.groups:
            query = query.join(SliceInstance, SliceInstance.id == Row.slice_id).join(
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
        base = orjson.dumps(dialect.address_of(self.asked.request))[1:-1].decode()
        crop = [f'"{base}/api/userannotation/', Row.id, "/crop.png"]
        self.text += [
            ',"created":', Row.created, ',"updated":', func.coalesce(cast(Row.updated, String), "null"),
            ',"image":', Row.image_id, ',"slice":', Row.slice_id, ',"project":', Row.project_id,
            ',"user":', Row.user_id, ',"version":', Row.version,
            ',"nbComments":0,"countReviewedAnnotations":0,"reviewed":false',
            ',"cropURL":', *crop, '","smallCropURL":', *crop, '?maxSize=256","url":', *crop,
            f'","imageURL":"{base}/#/project/', Row.project_id, "/image/", Row.image_id, "/annotation/", Row.id, '"',
        ]  # fmt: skip

    def _wkt(self) -> None:
        self.compression = 2 + len(self.columns)
        self.columns.append(Row.geometry_compression)
        self.text.append(f",{NOT_COMPRESSED}")
        if self.asked.origin == LEFT_TOP:
            self._add(_in_image_order, Row.shape)
        else:
            # Locations hold letters, digits and brackets alone (actions/draw_annotations.py): they stand as they are.
            self.text += [',"location":"', Row.location, '"']

    def _gis(self) -> None:
        upright = self.asked.origin == LEFT_TOP
        y = Row.centroid_y if upright else func.coalesce(AbstractImage.height, 0) - Row.centroid_y
        self.text += [',"areaUnit":"', Row.area_unit, '","perimeterUnit":"', Row.perimeter_unit, '"']
        self._add(
            lambda rows: ['"area":{},"perimeter":{},"centroid":{{"x":{},"y":{}}}'.format(*row) for row in rows],
            Row.area, Row.perimeter, Row.centroid_x, y,
        )  # fmt: skip

    def _slice(self) -> None:
        plane = AbstractSlice
        self.text += [',"channel":', plane.channel, ',"zStack":', plane.z_stack, ',"time":', plane.time]

    def _track(self) -> None:
        self.text.append(',"track":[],"annotationTrack":[]')

    def _link(self) -> None:
        self.text.append(',"group":null,"annotationLink":[]')

    def _imagegroup(self) -> None:
        self.text.append(',"imageGroup":null')

    def _user(self) -> None:
        said: dict[int, str] = {}

        def say(row: Any) -> str:
            if row[0] not in said:
                said[row[0]] = _inner(_named(self.asked.db.get_one(SecUser, row[0])))
            return said[row[0]]

        self._add(lambda rows: [say(row) for row in rows], Row.user_id)

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
        link = AnnotationTerm
        one = ['"term":[', link.term_id, '],"userByTerm":[{"id":', link.id]
        one += [',"term":', link.term_id, ',"user":[', link.user_id, "]}]"]
        said = select(_joined(one)).where(link.annotation_id == Row.id).limit(1).scalar_subquery()
        self.text += [",", func.coalesce(said, NO_TERM)]

    def _mend_terms(self, lines: list[str], ids: list[int]) -> None:
        """Annotations that bear several terms, or one from several people."""
        links = select(AnnotationTerm.annotation_id).where(AnnotationTerm.annotation_id.between(ids[-1], ids[0]))
        if ids[0] - ids[-1] > 4 * len(ids):
            links = links.where(AnnotationTerm.annotation_id.in_(ids))
        links = links.group_by(AnnotationTerm.annotation_id).having(func.count() > 1)
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
        links = select(AnnotationTerm.annotation_id, AnnotationTerm.term_id, AnnotationTerm.id, AnnotationTerm.user_id)
        ids = AnnotationTerm.annotation_id.in_(list(several))
        return self.asked.db.execute(links.where(ids).order_by(AnnotationTerm.id)) if several else ()


def _named(user: SecUser) -> dict[str, Any]:
    name = f"{user.firstname} {user.lastname}".strip()
    return {"creator": user.username, "name": name, "firstname": user.firstname, "lastname": user.lastname}


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
