"""Abstract images: slides as they were uploaded, whatever projects use them."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from fastapi import Request
from pydantic import AliasChoices, BeforeValidator, Field
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.require import require_admin, require_storage, require_user
from atrisys.access.slides import in_my_storages, require_slide_writer, with_labels, with_names
from atrisys.access.visible import visible
from atrisys.actions import calibrate, delete_image, history
from atrisys.errors import Invalid, NotFound
from atrisys.imaging.pyramid import zoom_of
from atrisys.imaging.reader import SlideFacts
from atrisys.store.by_ids import objects_for, rows_for
from atrisys.store.tables import TERMS_OF, AbstractImage, ImageInstance, Project, SecUser, Storage, UploadedFile
from atrisys.store.tables.files import WRITE
from atrisys.wire import dialect
from atrisys.wire.accounts import show_one_to
from atrisys.wire.answers import saved
from atrisys.wire.asking import CurrentUser, Db, Find, Finder, PageQuery
from atrisys.wire.bodies import JsonBody, add_one_or_many, body_schema, read_changes, read_one
from atrisys.wire.described import Part, gives, lists, sometimes
from atrisys.wire.dialect import Json
from atrisys.wire.fields import Amount, Fields, FileName, Model, none_for_empty, shows
from atrisys.wire.image_columns import CONTENT_TYPE
from atrisys.wire.routes import Routes

routes = Routes(tags=["abstract image"])

COLUMNS = {
    "include": AbstractImage.id,
    "physicalSizeX": AbstractImage.mpp_x,
    "physicalSizeY": AbstractImage.mpp_y,
    "physicalSizeZ": AbstractImage.mpp_z,
    "bitPerSample": AbstractImage.bits_per_sample,
    "samplePerPixel": AbstractImage.samples_per_pixel,
    "contentType": CONTENT_TYPE,
    "filename": AbstractImage.original_filename,
}


Count = Annotated[Annotated[int, Field(ge=1, le=2**31)] | None, BeforeValidator(none_for_empty)]


class AbstractImageEdit(Fields):
    nullable: ClassVar[frozenset[str]] = frozenset({"mpp_x", "mpp_y", "mpp_z", "fps", "magnification"})

    original_filename: FileName | None = None
    width: Count = None
    height: Count = None
    depth: Count = None
    duration: Count = None
    channels: Count = None
    samples_per_pixel: Count = Field(None, validation_alias=AliasChoices("samplePerPixel", "samplesPerPixel"))
    bits_per_sample: Count = Field(None, validation_alias=AliasChoices("bitPerSample", "bitsPerSample"))
    tile_size: Count = None
    colorspace: str | None = Field(None, max_length=64)
    mpp_x: Amount = Field(None, validation_alias=AliasChoices("physicalSizeX"))
    mpp_y: Amount = Field(None, validation_alias=AliasChoices("physicalSizeY"))
    mpp_z: Amount = Field(None, validation_alias=AliasChoices("physicalSizeZ"))
    fps: Amount = None
    magnification: Amount = None
    resolution: Amount = None
    """Old name of physicalSizeX and Y; no answer holds it, so whoever sends it means it."""
    case_key: str | None = Field(None, max_length=255)

    def changes(self, body: dict[str, Any]) -> dict[str, Any]:
        asked = super().changes(body)
        resolution = asked.pop("resolution", None)
        if resolution is not None:
            asked["mpp_x"] = asked["mpp_y"] = resolution
        # Clients that do not know the key leave it out of whole models: only who sends it changes it.
        if "case_key" in self.model_fields_set:
            asked["case_key"] = self.case_key or None
        return asked


class AbstractImageIn(AbstractImageEdit):
    original_filename: FileName  # pyright: ignore[reportIncompatibleVariableOverride, reportGeneralTypeIssues]
    uploaded_file_id: int | None = None


class AbstractImageOut(Model):
    original_filename: str | None
    filename: str | None
    uploaded_file_id: int | None
    user_id: int | None
    path: str | None
    content_type: str | None
    width: int | None
    height: int | None
    depth: int
    duration: int
    channels: int
    extrinsic_channels: int
    apparent_channels: int
    dimensions: str
    physical_size_x: float | None
    physical_size_y: float | None
    physical_size_z: float | None
    fps: float | None
    magnification: float | None
    bit_per_sample: int
    sample_per_pixel: int
    colorspace: str | None
    tile_size: int
    is_virtual: bool
    zoom: int | None
    thumb: str
    preview: str
    macro_url: str | None = Field(serialization_alias="macroURL")
    case_key: str | None


@shows(AbstractImage)
def show_one(db: Session, image: AbstractImage) -> dict[str, Any]:
    return show_all(db, [image])[0]


def show_all(
    db: Session, images: Sequence[AbstractImage], caller: Caller | None = None, address: str = ""
) -> list[dict[str, Any]]:
    """Slides with the file behind them; who knows a slide from blinded projects alone is not told its names.

    `address`: the server's, for thumb, preview and macroURL.
    """
    ids = [image.id for image in images]
    files = objects_for(db, UploadedFile, [image.uploaded_file_id for image in images])
    named, labelled = with_names(db, caller, ids), with_labels(db, caller, ids)
    return [
        _wire(image, files.get(image.uploaded_file_id or 0), address, image.id in named, image.id in labelled)
        for image in images
    ]


def _wire(
    image: AbstractImage, file: UploadedFile | None, address: str, is_named: bool, is_labelled: bool
) -> dict[str, Any]:
    here = f"{address}/api/abstractimage/{image.id}"
    macro = is_labelled and "macro" in (image.facts or {}).get("associated", ())
    out = AbstractImageOut.of(
        image,
        original_filename=image.original_filename if is_named else str(image.id),
        filename=image.original_filename if is_named else None,
        path=file.filename if file and is_named else None,
        content_type=(file.content_type if file else None) or image.format,
        extrinsic_channels=image.channels * image.samples_per_pixel,
        apparent_channels=image.channels * image.samples_per_pixel,
        dimensions="XY" + "".join(n for n, k in zip("CZT", _planes(image), strict=True) if k > 1),
        physical_size_x=image.mpp_x,
        physical_size_y=image.mpp_y,
        physical_size_z=image.mpp_z,
        bit_per_sample=image.bits_per_sample,
        sample_per_pixel=image.samples_per_pixel,
        zoom=zoom_of(SlideFacts("", image.width, image.height, ())) if image.width and image.height else None,
        thumb=f"{here}/thumb.png?maxSize=512",
        preview=f"{here}/thumb.png?maxSize=1024",
        macro_url=f"{here}/associated/macro.png?maxSize=512" if macro else None,
        case_key=image.case_key if is_named else None,
    )
    wire = out.wire()
    wire["magnification"] = _whole(image.magnification)
    return wire


def _planes(image: AbstractImage) -> tuple[int, int, int]:
    return image.channels, image.depth, image.duration


def _whole(number: float | None) -> float | int | None:
    """20, not 20.0: clients expect whole magnifications."""
    return int(number) if number is not None and number == int(number) else number


class InProject(Part):
    """Where a project was asked about."""

    in_project: bool = sometimes()


@routes.get("/api/abstractimage.json")
@lists(AbstractImageOut, InProject, sought="originalFilename")
def list_abstract_images(
    request: Request, db: Db, user: CurrentUser, find: Find, page: PageQuery, project: int | None = None
) -> Response:
    """The slides in the storages that the caller may read; `project` tells of each whether that project has it."""
    query = select(AbstractImage).where(in_my_storages(user))
    order = AbstractImage.created.desc(), AbstractImage.id.desc()
    rows, total = page.rows(db, visible(user, query), *order, columns=COLUMNS)
    wires = show_all(db, rows, user, dialect.address_of(request))
    if project is not None:
        inside = select(ImageInstance.base_image_id).where(ImageInstance.project_id == find(Project, project).id)
        there = {row[0] for row in rows_for(db, inside, ImageInstance.base_image_id, [row.id for row in rows])}
        wires = [{**wire, "inProject": wire["id"] in there} for wire in wires]
    return page.answer(wires, total)


@routes.get("/api/abstractimage/unused.json")
@lists(AbstractImageOut)
def list_unused_images(request: Request, db: Db, user: CurrentUser, page: PageQuery) -> Response:
    """The slides that no project uses; for administrators."""
    require_admin(user)
    used = select(ImageInstance.id).where(ImageInstance.base_image_id == AbstractImage.id)
    query = select(AbstractImage).where(~used.exists())
    rows, total = page.rows(db, query, AbstractImage.created.desc(), AbstractImage.id.desc(), columns=COLUMNS)
    return page.answer(show_all(db, rows, user, dialect.address_of(request)), total)


@routes.get("/api/abstractimage/{id:int}.json")
@gives(AbstractImageOut)
def show_abstract_image(id: int, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """One slide as it was uploaded."""
    return _shown(db, user, request, find(AbstractImage, id))


@routes.get("/api/uploadedfile/{id:int}/abstractimage.json")
@gives(AbstractImageOut)
def show_image_of_file(id: int, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """The slide that was made from a file."""
    file = find(UploadedFile, id)
    query = select(AbstractImage).where(AbstractImage.uploaded_file_id == file.id).order_by(AbstractImage.id)
    image = db.scalars(query.limit(1)).first()
    if image is None:
        raise NotFound("No image was made from file {file}.", file=file.id)
    return _shown(db, user, request, image)


@routes.get("/api/abstractimage/{id:int}/user.json")
def show_uploader(id: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """Who uploaded the slide."""
    return Json(show_one_to(db, user, find.other(SecUser, find(AbstractImage, id).user_id)))


@routes.post("/api/abstractimage.json", openapi_extra=body_schema(AbstractImageIn, many=True))
def add_abstract_image(body: JsonBody, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """Add one record of a slide, or an array of them. Without a file behind it it has no pixels (and no slices)."""
    require_user(user)
    if isinstance(body, list):
        return add_one_or_many(
            request, db, AbstractImageIn, body, lambda fields: _add(fields, db, user, find), name="AbstractImage"
        )
    image = _add(read_one(AbstractImageIn, body), db, user, find)
    return saved(db, "added", image, show_all(db, [image], user, dialect.address_of(request))[0])


def _add(fields: AbstractImageIn, db: Session, user: Caller, find: Finder) -> AbstractImage:
    storage_id = None
    if fields.uploaded_file_id is not None:
        storage = find.other(Storage, find.other(UploadedFile, fields.uploaded_file_id).storage_id)
        require_storage(db, user, storage, WRITE)
        storage_id = storage.id
    columns = {name: value for name, value in fields.changes({}).items() if value is not None}
    return history.add(db, user, AbstractImage(user_id=user.id, storage_id=storage_id, **columns))


@routes.put("/api/abstractimage/{id:int}.json", openapi_extra=body_schema(AbstractImageEdit))
def edit_abstract_image(id: int, body: JsonBody, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """Rename or calibrate a slide. Its instances in projects follow, and what was drawn on them is measured again."""
    image = find(AbstractImage, id)
    require_slide_writer(db, user, image)
    changes = read_changes(AbstractImageEdit, body)
    _require_same_size(db, image, changes)
    calibrate.edit_abstract_image(db, user, image, **changes)
    return saved(db, "edited", image, show_all(db, [image], user, dialect.address_of(request))[0])


def _require_same_size(db: Session, image: AbstractImage, changes: dict[str, Any]) -> None:
    """The size belongs to the pixels, and shapes stand in the frame that it makes."""
    size = changes.get("width", image.width), changes.get("height", image.height)
    if size == (image.width, image.height):
        return
    drawn = (select(kind.id).join(ImageInstance, ImageInstance.id == kind.image_id) for kind in TERMS_OF)
    own = (query.where(ImageInstance.base_image_id == image.id).limit(1) for query in drawn)
    if image.facts is not None or any(db.scalar(query) is not None for query in own):
        raise Invalid(
            "Image {image} is {width} x {height} px; that cannot be changed.",
            image=image.id,
            width=image.width,
            height=image.height,
        )


@routes.delete("/api/abstractimage/{id:int}.json")
def remove_abstract_image(id: int, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """Delete a slide's record; refused while projects use it."""
    image = find(AbstractImage, id)
    require_slide_writer(db, user, image)
    wire = show_all(db, [image], user, dialect.address_of(request))[0]
    delete_image.delete_abstract_image(db, user, image)
    return saved(db, "deleted", image, wire)


def _shown(db: Session, user: Caller, request: Request, image: AbstractImage) -> Response:
    wire = show_all(db, [image], user, dialect.address_of(request))[0]
    return Json(wire, headers={"ETag": f'"{image.version}"'})
