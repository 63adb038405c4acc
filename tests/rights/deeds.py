"""A deed, and what becomes of it: one row of a table of rights."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Ids = Mapping[str, Any]


class Answers(NamedTuple):
    """What a cell means as status codes."""

    own: int
    """To one's own thing."""
    other: int
    """To somebody else's."""


CELLS = {
    "yes": Answers(200, 200),
    "no": Answers(403, 403),
    "own": Answers(200, 403),
    "mine": Answers(200, 404),
    "unseen": Answers(404, 404),
    "cannot": Answers(400, 400),
}
"""`own`: one's own alone; `mine`: so, and others' are not even seen; `cannot`: they might, but it is never done."""


@dataclass(frozen=True)
class Deed:
    """`cells`: one word of CELLS for each column of its table."""

    name: str
    way: str
    """Method and address; `{words}` stand for ids of the world that it is tried in."""
    cells: str
    least: str = "GUEST"
    """The platform role that it takes: what a USER may, a guest may not even there."""
    body: Any = None
    params: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, bool] = field(default_factory=dict)
    """Of the project, besides its mode."""
    sends_file: bool = False

    def __str__(self) -> str:
        return self.name

    def answers(self, column: int) -> Answers:
        return CELLS[self.cells.split()[column]]

    def request(self, ids: Ids) -> tuple[str, str, dict[str, Any]]:
        """Method, address, and keyword arguments for a client's `request`."""
        method, _, path = self.way.partition(" ")
        sent: dict[str, Any] = {"params": filled(self.params, ids)}
        if self.sends_file:
            sent |= {"files": {"files[]": ("report.pdf", b"bytes")}, "data": filled(self.body, ids)}
        elif self.body is not None:
            sent["json"] = filled(self.body, ids)
        return method, filled(path, ids), sent


def filled(said: Any, ids: Ids) -> Any:
    """The same with ids instead of `{words}`; a word alone becomes the number itself."""
    if isinstance(said, str):
        return ids[said[1:-1]] if said[:1] == "{" and said[1:-1] in ids else said.format_map(ids)
    if isinstance(said, Mapping):
        return {word: filled(value, ids) for word, value in said.items()}
    return [filled(one, ids) for one in said] if isinstance(said, list) else said
