"""Bytes that lie here already become second names of these: stored once, whoever sends them, however often."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from sqlalchemy import select

from atrisys.store.files import Received
from atrisys.store.session import Store
from atrisys.store.tables import UploadedFile

MOST_SAME = 3
"""So many kept files are compared with one that seems to be the same; one whose bytes went bad is no reason to stop."""


@contextmanager
def stored_once(store: Store, several: Iterable[Received]) -> Iterator[None]:
    """Around the transaction that writes received bytes down. Who may see the same ones is nobody's business here.

    Before it, what was written down earlier is looked for; after it, what came at the same time and was faster.
    """
    every = list(several)
    for received in every:
        _join(store, received, received.name)
    yield
    for received in every:
        _join_settled(store, received)


def _join(store: Store, received: Received, name: str, before_id: int | None = None) -> bool:
    """Whether the bytes at `name` are the second name of a kept file now.

    Args:
        before_id: only of those with a smaller number.
    """
    same = select(UploadedFile.filename).where(
        UploadedFile.sha256 == received.sha256,
        UploadedFile.size == received.size,
        UploadedFile.filename.not_in(["", name]),
    )
    if before_id is not None:
        same = same.where(UploadedFile.id < before_id)
    with store.reading() as db:
        kept = db.scalars(same.order_by(UploadedFile.id.desc()).limit(MOST_SAME)).all()
    return any(store.folder.store_once(one, name) for one in kept)


def _join_settled(store: Store, received: Received) -> None:
    """Of two the later one gives way: numbers are given in the order of the transactions."""
    name = store.folder.settled_name(received.name)
    query = select(UploadedFile.id).where(UploadedFile.filename == name)
    with store.reading() as db:
        own = db.scalar(query)
    if own is None or not _join(store, received, name, own):
        return
    with store.reading() as db:
        if db.scalar(query) is None:
            # Deleted at this moment: its name must not come back.
            store.folder.drop(name)
