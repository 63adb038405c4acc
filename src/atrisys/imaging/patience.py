"""How long somebody waits for a picture: checked before each region of the slide that is read for it.

A limit for one region does not bound a picture, which may be made of thousands of them. Whoever makes a picture for
somebody who waits does so `within` a patience; jobs have none, and take their time.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from atrisys.errors import PictureFailed

Band = TypeVar("Band")


class Patience:
    """The time for one picture; a large one, made while it is sent, has as much for each band."""

    def __init__(self, limit_s: float) -> None:
        self.limit_s = limit_s
        self.gone = False
        """Nobody waits any longer."""
        self.renew()

    def renew(self) -> None:
        """Something was handed on."""
        self._until = time.monotonic() + self.limit_s

    def check(self) -> None:
        """Raises PictureFailed where it is over."""
        if self.gone:
            raise PictureFailed("Nobody waits for this picture any longer.")
        if time.monotonic() > self._until:
            raise PictureFailed(
                "Reading the slide for this picture took longer than {limit} s and was given up. Ask for a smaller "
                "part of the image.",
                limit=self.limit_s,
            )


_patience: ContextVar[Patience | None] = ContextVar("patience", default=None)


@contextmanager
def within(patience: Patience) -> Iterator[None]:
    """All that is read from here on, also in threads that are given this context, is read within this patience."""
    token = _patience.set(patience)
    try:
        yield
    finally:
        _patience.reset(token)


def check_patience() -> None:
    """Go on reading? Raises PictureFailed where nobody waits so long."""
    patience = _patience.get()
    if patience:
        patience.check()


def is_awaited() -> bool:
    """Whether somebody waits for what is being read."""
    return _patience.get() is not None


def renewed(bands: Iterator[Band]) -> Iterator[Band]:
    """The same bands, each within the whole time."""
    for band in bands:
        yield band
        patience = _patience.get()
        if patience:
            patience.renew()
