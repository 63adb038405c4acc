"""What commands say: JSON for scripts on standard output, everything else on standard error."""

import json
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import click

EVERY_S = 5.0
"""Without a terminal, progress is a line so often at the most."""


def print_json(value: Any) -> None:
    """One line that a script reads."""
    click.echo(json.dumps(value, ensure_ascii=False))


json_option = click.option("--json", "as_json", is_flag=True, help="JSON in a terminal too (elsewhere always).")


def print_rows(rows: Iterable[dict[str, Any]], *, as_json: bool) -> None:
    """A line of JSON for each; in a terminal, unless JSON was asked for, a table that a person reads."""
    if as_json or not sys.stdout.isatty():
        for row in rows:
            print_json(row)
        return
    lines = [{name: _in_words(value) for name, value in row.items()} for row in rows]
    if lines:
        widths = {name: max(len(name), *(len(line[name]) for line in lines)) for name in lines[0]}
        for line in ({name: name for name in widths}, *lines):
            click.echo("  ".join(line[name].ljust(width) for name, width in widths.items()).rstrip())


def _in_words(value: Any) -> str:
    """Without signs that would steer the terminal: people choose their names themselves."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def say(text: str) -> None:
    click.echo(text, err=True)


class Progress:
    """How far something is: called with a fraction from 0 to 1 and a few words."""

    def __init__(self, label: str) -> None:
        self.label = label

    def __call__(self, fraction: float, message: str = "") -> None:
        raise NotImplementedError

    def step_aside(self) -> None:
        """Make room for a line of another sort in the same terminal."""

    def finish(self) -> None:
        """Nothing follows: a bar that is not full stays as it is."""


class Bar(Progress):
    """In a terminal: a bar that fills."""

    STEPS = 1000

    def __init__(self, label: str) -> None:
        super().__init__(label)
        self._bar = click.progressbar(length=self.STEPS, label=label, file=sys.stderr)
        self._bar.__enter__()

    def __call__(self, fraction: float, message: str = "") -> None:
        self._bar.label = f"{self.label}: {message[:60]}" if message else self.label
        self._bar.update(max(0, round(min(fraction, 1.0) * self.STEPS) - self._bar.pos))

    def step_aside(self) -> None:
        click.echo("\r\033[K", err=True, nl=False)

    def finish(self) -> None:
        self._bar.__exit__(None, None, None)


class Lines(Progress):
    """Elsewhere: plain lines, now and then."""

    def __init__(self, label: str) -> None:
        super().__init__(label)
        self._last, self._said = time.monotonic(), -1

    def __call__(self, fraction: float, message: str = "") -> None:
        percent, now = int(min(fraction, 1.0) * 100), time.monotonic()
        if percent == self._said or (now - self._last < EVERY_S and percent < 100):
            return
        self._last, self._said = now, percent
        say(f"{self.label}: {percent} %" + (f", {message}" if message else ""))


@contextmanager
def progress(label: str) -> Iterator[Progress]:
    """A bar in a terminal, plain lines elsewhere."""
    shown = Bar(label) if sys.stderr.isatty() else Lines(label)
    try:
        yield shown
    finally:
        shown.finish()
