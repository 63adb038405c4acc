"""Where an upload is to go and what is to be kept with it, as a query (or tus' metadata) says it."""

from collections.abc import Mapping

from atrisys.errors import Invalid

MOST_PROPERTIES, LONGEST_KEY = 1000, 255
PARAMETERS = [
    {"name": name, "in": "query", "description": text, "schema": {"type": "string"}}
    for name, text in {
        "storage": "where the file goes (also idStorage)",
        "projects": "ids, separated by commas: the image is added to each (also idProject)",
        "keys": "names of properties, separated by commas",
        "values": "their values, in the same order",
    }.items()
]


def asked_place(said: Mapping[str, str]) -> tuple[int | None, list[int]]:
    """The storage (None: one's own) and the projects. Raises Invalid for what is no number."""
    storage = said.get("storage") or said.get("idStorage")
    listed = (said.get("projects") or said.get("idProject") or "").split(",")
    projects = [_id(part, "projects") for part in listed if part.strip() not in ("", "null", "None")]
    return _id(storage, "storage") if storage else None, projects


def asked_properties(said: Mapping[str, str]) -> dict[str, str]:
    """Two lists of one length. A value with commas cannot be told from several: what is too much is the last one's."""
    keys, values = said.get("keys"), said.get("values")
    if not keys:
        return {}
    names = [key.strip() for key in keys.split(",")]
    texts = (values or "").split(",", len(names) - 1)
    if len(texts) < len(names) or len(names) > MOST_PROPERTIES or "" in names:
        raise Invalid("keys and values must be lists of the same length.")
    if any(len(name) > LONGEST_KEY for name in names):
        raise Invalid("A key has at most {limit} signs.", limit=LONGEST_KEY)
    return dict(zip(names, texts, strict=True))


def _id(text: str, name: str) -> int:
    if not text.strip().isdecimal() or len(text) > 19:
        raise Invalid("{name} must be the number of an object, not {value}.", name=name, value=text)
    return int(text)
