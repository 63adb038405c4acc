"""How what runs in a worker tells its caller how far it is."""

import threading
import time
from collections.abc import Callable

EVERY_S = 0.25

_listener: Callable[[float], None] | None = None
_lock = threading.Lock()
_told = 0.0


def listen(listener: Callable[[float], None]) -> None:
    """Who is told (the worker's own process sets it, once)."""
    global _listener
    _listener = listener


def tell(fraction: float) -> None:
    """How far it is, 0 to 1. Cheap: may be called as often as one likes, from any thread."""
    global _told
    with _lock:
        if _listener and time.monotonic() - _told >= EVERY_S:
            _told = time.monotonic()
            _listener(fraction)
