"""Refusals in the reader's language: English, or Traditional Chinese where `Accept-Language` prefers it."""

from functools import lru_cache
from importlib import resources
from typing import Any

import orjson

from atrisys.errors import fill


def say(template: str, params: dict[str, Any], accept_language: str | None) -> str:
    if accept_language and prefers_chinese(accept_language):
        template = _chinese().get(template, template)
    return fill(template, params)


@lru_cache(maxsize=256)
def prefers_chinese(accept_language: str) -> bool:
    """Whether Chinese stands before English in the header."""
    best: dict[str, float] = {}
    for part in accept_language[:200].lower().split(","):
        tag, _, quality = part.strip().partition(";q=")
        language = tag.split("-")[0].strip()
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            weight = 0.0
        best[language] = max(best.get(language, 0.0), weight)
    return best.get("zh", 0.0) > best.get("en", 0.0)


@lru_cache(maxsize=1)
def _chinese() -> dict[str, str]:
    return orjson.loads(resources.files("atrisys.wire").joinpath("words_zh_tw.json").read_bytes())
