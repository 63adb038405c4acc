"""What is sent along: bodies and queries full of one world's ids, and every word in them that names an object."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from given.annotations import SQUARE
from strangers.addresses import Ids
from strangers.routes import SAFE, Way

REFERENCES = {
    "project": "project", "projects": "project", "image": "imageinstance", "images": "imageinstance",
    "slice": "sliceinstance", "slices": "sliceinstance", "annotation": "annotation", "annotations": "annotation",
    "term": "term", "terms": "term", "term1": "term", "term2": "child", "ontology": "ontology",
    "storage": "storage", "idStorage": "storage", "idProject": "project", "uploadedFile": "uploadedfile",
    "baseImage": "abstractimage", "baseSlice": "abstractslice", "parent": "annotation",
    "bboxAnnotation": "annotation", "baseAnnotation": "annotation", "excludedAnnotation": "annotation",
    "idImage": "imageinstance", "sliceId": "sliceinstance", "annotationIdent": "annotation", "domainIdent": "project",
    "parentIdent": "annotation", "track": "track", "tracks": "track",
    "group": "annotationgroup", "groups": "annotationgroup", "imageGroup": "imagegroup",
    "excludeimagegroup": "imagegroup",
    "beforeSlice": "sliceinstance", "afterSlice": "sliceinstance",
}  # fmt: skip
"""Words of bodies and queries that name an object, and of which kind."""
OTHERWISE = {
    "/api/abstractslice.json": {"image": "abstractimage"},
    "/api/companionfile.json": {"image": "abstractimage"},
    "/api/imagegroupimageinstance.json": {"group": "imagegroup"},
    "/api/term.json": {"parent": "term"},
    "/api/uploadedfile.json": {"parent": "uploadedfile"},
    "/api/uploadedfile/{id}.json": {"parent": "uploadedfile"},
}
"""Where a word names another kind."""
PEOPLE = {
    "user", "users", "admins", "representatives", "layers", "idUser", "role", "relation", "tag", "receivers",
    "imageFilter",
}  # fmt: skip
"""Words that name what everybody may know of."""
NUMBERS = {
    "width", "height", "depth", "duration", "channels", "samplePerPixel", "bitPerSample", "tileSize", "channel",
    "zStack", "time", "minPoint", "maxPoint", "size", "status", "since", "startDate", "endDate", "after",
    "nBins", "cell", "afterThan", "beforeThan", "zoom", "daysRange", "repeat", "progress", "x", "y", "days", "validity",
}  # fmt: skip
"""Whole numbers that name no object."""
LISTING = (
    "project image images slice slices term terms track tracks group groups beforeSlice afterSlice "
    "bboxAnnotation baseAnnotation"
)
CONTAINERS = {"project", "image", "images", "slice", "slices"}
UNTOLD = {
    "GET /api/annotation.json": f"{LISTING} excludedAnnotation",
    "GET /api/annotation/search.json": LISTING,
    "POST /api/annotation/search.json": LISTING,
    "GET /api/atrisys/imageinstance/{id}/density.json": "images slice slices term terms track tracks group groups",
    "GET /api/atrisys/imageinstance/{id}/annotation/{annotation}/place.json": (
        "images slice slices term terms track tracks group groups"
    ),
    "GET /api/project/{id}/annotation/download": "images terms",
    "POST /api/project/{id}/annotation/download": "images terms",
    "GET /api/project/{id}/annotations/export": "images terms",
    "GET /api/annotation/included.json": "image images slice term terms track annotation",
    "GET /api/imageinstance/{image}/annotation/included.json": "term terms annotation",
    "GET /api/imageinstance/{id}/window-{x}-{y}-{w}-{h}.{format}": "terms annotations",
    "GET /api/imageinstance/{id}/camera-{x}-{y}-{w}-{h}.{format}": "terms annotations",
    "GET /api/sliceinstance/{id}/window-{x}-{y}-{w}-{h}.{format}": "terms annotations",
    "GET /api/sliceinstance/{id}/camera-{x}-{y}-{w}-{h}.{format}": "terms annotations",
    "POST /upload": "storage idStorage projects idProject",
    "POST /api/atrisys/uploads": "storage idStorage projects idProject",
    "POST /api/attachedfile.json": "domainIdent",
    "PUT /api/attachedfile.json": "domainIdent",
}
"""Words of queries whose type the API's description does not tell."""
IN_BODIES = {"POST /api/annotation/search.json", "POST /api/project/{id}/annotation/download"}
"""Where they stand in a body instead."""


def kind_of(path: str, word: str) -> str:
    return OTHERWISE.get(path, {}).get(word, REFERENCES[word])


# --- one request that every route can read ---------------------------------------------------------------------------


def sent_with(way: Way, ids: Ids) -> dict[str, Any]:
    """Keyword arguments for a client's `request`: what the route may need, and ids of one world wherever it takes any.

    Each route takes its own words and passes over the others.
    """
    if way.method in SAFE:
        return {"params": {"location": SQUARE, "geometry": SQUARE, "key": "stain"}}
    query = {"user": ids["user"], "users": ids["user"], "storage": ids["storage"]}
    query |= {"domainClassName": "project", "domainIdent": ids["project"]}
    return {"params": query, "json": body_of(way.path, ids)}


def body_of(path: str, ids: Ids) -> dict[str, Any]:
    named = {word: ids[kind_of(path, word)] for word in REFERENCES}
    return {
        **named, **{word: [named[word]] for word in ("projects", "images", "terms", "tracks", "annotations")},
        "location": SQUARE, "wkt": SQUARE, "repeat": 1,
        "name": f"new {path}", "color": "#00FF00", "originalFilename": "new.svs",
        "channel": 0, "zStack": 1 if path == "/api/abstractslice.json" else 0, "time": 0,
        "username": "newcomer", "firstname": "New", "lastname": "Comer", "email": "new@example.org",
        "password": "a long new password", "role": "ROLE_USER", "relation": ids["relation"], "user": ids["user"],
        "domainClassName": "Project", "key": "stain", "value": "H&E", "data": "words", "tag": ids["tag"],
        "comment": "words", "imageFilter": 11, "readingRole": "ALL", "authority": "ROLE_NEW",
        "users": [ids["user"]], "admins": [ids["user"]], "representatives": [ids["user"]], "geojson": True,
        "action": "select", "zoom": 3, "x": 1, "y": 1, "filename": "new.h5", "type": "HDF5",
        **{f"{place}{side}{axis}": 10 for place in ("top", "bottom") for side in ("Left", "Right") for axis in "XY"},
    }  # fmt: skip


# --- one word at a time ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reference:
    """One word of a body or a query that names an object."""

    way: Way
    word: str
    is_list: bool
    required: tuple[str, ...] | None
    """What the body must hold beside it; None: the word stands in the query."""
    takes_arrays: bool = False

    def __str__(self) -> str:
        return f"{self.way}: {self.word}"

    def sent(self, mine: Ids, theirs: Ids) -> dict[str, Any]:
        """Keyword arguments for a client's `request`: all is `mine` but this word."""
        kind = kind_of(self.way.path, self.word)
        if self.required is None or str(self.way) in UNTOLD:
            value = f"{mine[kind]},{theirs[kind]}" if self.is_list else theirs[kind]
            said = {**self._beside(mine), self.word: value}
            return {"params": said} if self.required is None else {"json": said}
        everything = body_of(self.way.path, mine)
        value = [mine[kind], theirs[kind]] if self.is_list else theirs[kind]
        beside = (*self.required, "image") if "annotation.json" in self.way.path else self.required
        return {"json": {**{word: everything[word] for word in beside}, self.word: value}}

    def _beside(self, mine: Ids) -> dict[str, Any]:
        """What the query must say as well."""
        if "window" in self.way.path or "camera" in self.way.path:
            return {"type": "mask"}
        if self.way.path == "/api/attachedfile.json":
            return {"domainClassName": "project"}
        if self.way.path in ("/upload", "/api/atrisys/uploads"):
            return {} if self.word == "idStorage" else {"storage": mine["storage"]}
        said: dict[str, Any] = {"geometry": SQUARE} if "included" in self.way.path else {}
        if self.way.path.startswith("/api/annotation") and self.word not in CONTAINERS:
            said["image"] = mine["imageinstance"]
        return said


def references(api: dict[str, Any], ways: list[Way]) -> Iterator[Reference]:
    """Every word that names an object, as the API's own description has them; KeyError for an unheard-of number."""
    by_name = {str(way): way for way in ways}
    for path, methods in api["paths"].items():
        for method, said in methods.items():
            way = by_name[f"{method.upper()} {path}"]
            if way.is_open:
                continue
            for parameter in said.get("parameters", ()):
                if parameter["in"] == "query" and _names(parameter["name"], parameter["schema"]):
                    yield Reference(way, parameter["name"], False, None)
            schema = said.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            one = schema["anyOf"][0] if "anyOf" in schema else schema
            for word, kind in one.get("properties", {}).items():
                if _names(word, kind):
                    is_list = "array" in str(kind)
                    yield Reference(way, word, is_list, tuple(one.get("required", ())), "anyOf" in schema)
    for name, words in UNTOLD.items():
        for word in words.split():
            required = () if name in IN_BODIES else None
            yield Reference(by_name[name], word, word.endswith("s") or word == "idProject", required)


def _names(word: str, schema: dict[str, Any]) -> bool:
    """Whether a word is the number of an object that not everybody may know."""
    if "'integer'" not in str(schema) or word in PEOPLE | NUMBERS | {"max", "offset", "page"}:
        return False
    return bool(REFERENCES[word])
