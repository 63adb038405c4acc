"""Lines of the server's log: one for each record, whatever a name in it holds.

Who names a file `x<newline>2026-… INFO ada deleted project 7` writes no line of their own.
"""

import logging
from typing import Any


class OneLine(logging.Formatter):
    """Writes what a message holds besides what can be printed as `\\n`, `\\x1b`, …; tracebacks are moved in."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = "".join(map(_shown, record.message))
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:
        lines = super().formatException(ei).split("\n")
        return "\n".join(f"    {''.join(map(_shown, line))}" for line in lines)


def _shown(sign: str) -> str:
    return sign if sign.isprintable() else sign.encode("unicode_escape").decode("ascii")
