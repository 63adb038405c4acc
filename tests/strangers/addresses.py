"""Addresses filled with ids: what each parameter of a route names."""

import re
from collections.abc import Mapping

Ids = Mapping[str, int | str]

SHARED = ("user", "username", "role", "relation", "tag", "imageserver")
"""What everybody may know of."""
PLACEHOLDER = re.compile(r"\{(\w+)\}")
BY_NAME: Ids = {
    "term1": "term",
    "term2": "child",
    "term_id": "child",
    "user_id": "user",
    "domain_id": "project",
    "name": "user",
    "image": "imageinstance",
    "project": "project",
    "annotation": "annotation",
    "link": "representative",
    "layer": "defaultlayer",
    "relation": "relation",
    "role": "role",
    "session": "session",
    "public_key": "public_key",
    "command": "command",
    "invitation": "invitation",
    "track": "track",
    "group": "imagegroup",
    "merged": "annotationgroup",
}
"""What a path parameter names, where it is not `id`."""
PLAIN = {
    "format": "png", "kind": "annotation", "domain_class": "be.cytomine.domain.project.Project", "key": "stain",
    "label": "macro", "side": 1, "channel": 0, "z_stack": 0, "time": 0, "z": 0, "tx": 0, "ty": 0,
    "x": 0, "y": 0, "w": 64, "h": 64,
    "level": 0, "column": 0, "row": 0, "region": "full", "size": "max", "rotation": 0, "quality": "default",
}  # fmt: skip
BY_SEGMENT = {
    **dict.fromkeys(("userannotation", "annotations", "algoannotation", "{kind}"), "annotation"),
    "{side}": "term",
}
"""What `{id}` names, where the segment before it does not say it."""


def kinds_in(path: str) -> list[str]:
    """What the parameters of an address name, in order; not what is no object."""
    return [kind for _, kind in _places(path) if kind]


def fill(path: str, ids: Ids, *others: Ids) -> str:
    """The address with ids in it; `others` gives, place by place, where another world's id shall stand."""
    values = iter(others)
    for name, kind in _places(path):
        value = PLAIN[name] if kind is None else next(values, ids)[kind]
        path = path.replace(f"{{{name}}}", str(value), 1)
    return path


def _places(path: str) -> list[tuple[str, str | None]]:
    """The parameters of an address with what each names; KeyError for one that nobody has thought of."""
    found: list[tuple[str, str | None]] = []
    for match in PLACEHOLDER.finditer(path):
        name = match[1]
        if name != "id":
            found.append((name, None if name in PLAIN else str(BY_NAME[name])))
            continue
        before = path[: match.start()].strip("/").split("/")
        segment = "link" if before[-2:] == ["relation", "term"] else before[-1]
        found.append((name, BY_SEGMENT.get(segment, segment)))
    return found
