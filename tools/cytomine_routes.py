"""Which of Cytomine's routes are served: the list of its clients' and servers' routes held against our own.

The list lies beside the checkout (../shared/cytomine-api/routes.tsv); without it the page stays as it is.
"""

import csv
import re
from collections import Counter
from collections.abc import Collection
from pathlib import Path

LIST = Path(__file__).resolve().parents[2] / "shared" / "cytomine-api" / "routes.tsv"
CLIENTS = {"py": "Python", "js": "JavaScript", "java": "Java", "webui": "web UI"}
LEFT_OUT = (
    (re.compile(r"/app-engine/|/app_engine|/annotation-layers|/task-run|/tasks?[/.]|^/api/stores"), "App Engine"),
    (re.compile(r"/sam\b|/smart_annotation|/annotations/\{id\}/refine"), "SAM"),
    (re.compile(r"/retrieval|/cbir|searchable|/similar"), "retrieval"),
    (re.compile(r"/profile\b"), "profiles, which need a second copy of the slide, servers before 4.0 alone"),
    (re.compile(r"^/login/|^/saml/|/authenticate$"), "older ways to sign in, which no client asks for"),
    (re.compile(r"/userjob\b"), "accounts of Cytomine's jobs, of which there are none here"),
    (re.compile(r"/search\b|/search[-./]|/meilisearch/"), "full-text search"),
)
NEWEST = ("x", "x★")
"""How the list marks what the newest Python client calls; else it names the last one that did."""
SERVED, NOT_YET, NOBODY = "served", "not yet", "not yet; no client asks for it"

Route = tuple[str, str]
"""Method and path; what stands in braces is any one segment."""


def is_there() -> bool:
    return LIST.exists()


def coverage_part(ours: Collection[Route]) -> str:
    """How many routes are in which state, and each route with its own."""
    rows = [(row, _state(row, _Served(ours))) for row in _read()]
    counted = Counter(state.partition(":")[0] for row, state in rows if _clients(row))
    head = ["| of the routes that an official client asks for | |", "|---|---|"]
    head += [f"| {state} | {count} |" for state, count in sorted(counted.items(), reverse=True)]
    lines = ["", "| | path | clients | servers | state |", "|---|---|---|---|---|"]
    lines += [
        f"| {row['method']} | `{row['path']}` | {', '.join(_clients(row))} | {row['servers']} | {state} |"
        for row, state in rows
    ]
    return "\n".join(head + lines)


def _read() -> list[dict[str, str]]:
    with LIST.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def _clients(row: dict[str, str]) -> list[str]:
    return [name for column, name in CLIENTS.items() if row[column]]


def _state(row: dict[str, str], served: "_Served") -> str:
    if served.has(row["method"], row["path"]):
        return SERVED
    for pattern, why in LEFT_OUT:
        if pattern.search(row["path"]):
            return f"left out: {why}"
    if row["servers"] == "Grails" and row["py"] not in NEWEST:
        return "left out: servers before 4.0 alone"
    if row["servers"] == "PIMS":
        return "left out: the image server's own"
    return NOT_YET if _clients(row) else NOBODY


class _Served:
    """Our own routes; theirs is served where every address that it stands for is one of ours."""

    def __init__(self, ours: Collection[Route]) -> None:
        self._whole = {(method, _plain(path)) for method, path in ours}
        self._patterns = [
            (method, re.compile(re.escape(_plain(path)).replace(r"\{\}", "[^/]+?"))) for method, path in ours
        ]

    def has(self, method: str, path: str) -> bool:
        plain = _plain(path.partition("?")[0])
        if (method, plain) in self._whole:
            return True
        return any(own == method and pattern.fullmatch(plain) for own, pattern in self._patterns)


def _plain(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)
