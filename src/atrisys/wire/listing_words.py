"""The words by which annotations are asked for, from the address or from a body."""

from collections.abc import Mapping
from typing import Any, Literal

from fastapi import Request
from pydantic import Field

from atrisys.errors import Invalid
from atrisys.wire.described import Part
from atrisys.wire.dialect import says_yes

ONE = ("project", "image", "slice", "user", "term", "track", "group", "tag")
"""Words that name one object: empty they say nothing, where the plural lets nothing pass."""
MOST_IDS, LARGEST = 10_000, 2**63
"""Databases take a limited number of parameters in one query, and no larger numbers."""


class FilterWords(Part):
    """Which annotations; several ids are joined by commas."""

    reviewed: bool
    review_users: str
    not_reviewed_only: bool
    images: str
    slice: str
    slices: str
    user: str
    users: str
    users_for_term: str
    term: str
    terms: str
    no_term: bool
    multiple_term: bool
    track: str
    tracks: str
    no_track: bool
    multiple_track: bool
    before_slice: str
    after_slice: str
    slice_dimension: str
    group: str
    groups: str
    tag: str
    tags: str
    no_tag: bool
    bbox: str
    bbox_annotation: str
    base_annotation: str
    max_distance_base_annotation: float
    excluded_annotation: str
    after_than: str
    before_than: str
    min_size: float
    origin: Literal["left-top", "left-bottom"]


class ShownWords(FilterWords):
    """Also of where, and what is told of each."""

    project: str
    image: str
    kmeans: bool
    show_default: bool
    show_basic: bool
    show_meta: bool
    show_wkt: bool = Field(serialization_alias="showWKT")
    show_gis: bool = Field(serialization_alias="showGIS")
    show_term: bool
    show_track: bool
    show_link: bool
    show_user: bool
    show_image: bool
    show_slice: bool


class ListingWords:
    """What was said, read word by word; the clients say nothing in several words."""

    def __init__(self, said: Mapping[str, str | None]) -> None:
        self.said = said

    def yes(self, name: str) -> bool:
        return bool(says_yes(self.said.get(name)))

    def text(self, name: str) -> str | None:
        """None where nothing was said."""
        value = self.said.get(name)
        return None if value is None or value.strip().lower() in ("null", "none") else value.strip()

    def ids(self, *names: str) -> list[int] | None:
        """The ids of a comma list (or the older underscore list); None is no filter, empty lets nothing pass."""
        found: list[int] | None = None
        for name in names:
            value = self.text(name)
            if value is None or (value == "" and name in ONE):
                continue
            parts = [part for part in value.strip("[]").replace("_", ",").split(",") if part.strip()]
            if len(parts) > MOST_IDS:
                raise Invalid("At most {limit} {name} can be named at once.", limit=MOST_IDS, name=name)
            found = [*(found or []), *(_whole(name, part) for part in parts)]
        return found

    def number(self, name: str) -> int | None:
        value = self.text(name)
        return None if value is None else _whole(name, value)


def words_of(request: Request, body: Any) -> dict[str, str | None]:
    """What the address says, and the body over it. Raises Invalid for a body that is no object."""
    if body is not None and not isinstance(body, dict):
        raise Invalid("An object is expected, not {value}.", value=str(body)[:80])
    said: dict[str, str | None] = dict(request.query_params)
    return said | {key: _text(value) for key, value in (body or {}).items()}


def _text(value: Any) -> str | None:
    if isinstance(value, list):
        return ",".join(str(item) for item in value)
    return None if value is None else str(value)


def _whole(name: str, value: str) -> int:
    try:
        number = int(value)
    except ValueError:
        number = LARGEST
    if not -LARGEST < number < LARGEST:
        raise Invalid("{name} must be a number, not {value}.", name=name, value=value[:80])
    return number
