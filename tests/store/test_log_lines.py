import io
import logging
from logging.config import DictConfigurator

import pytest

from atrisys.cli.serve import LOGGING

FORGED = "slide\n2026-11-27 02:00:00,000 INFO project 7 was deleted by ada"


@pytest.fixture
def logged():
    """What the server's log says of a message, with the formatter that `serve` sets up."""
    out, log = io.StringIO(), logging.Logger("test")
    handler = logging.StreamHandler(out)
    handler.setFormatter(DictConfigurator(LOGGING).configure_formatter(LOGGING["formatters"]["plain"]))
    log.addHandler(handler)
    return lambda say: (say(log), out.getvalue())[1]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"])
def test_a_name_with_the_end_of_a_line_in_it_writes_no_line_of_its_own(logged, end):
    name = FORGED.replace("\n", end)
    said = logged(lambda log: log.info("%s was imported", name))
    assert len(said.splitlines()) == 1
    assert said.endswith("INFO project 7 was deleted by ada was imported\n")


def test_what_moves_a_terminals_cursor_or_turns_writing_around_is_written_out(logged):
    said = logged(lambda log: log.warning("file %s", "a\x1b[2Kb\u202ec\x00病例.svs"))
    assert said.endswith("WARNING file a\\x1b[2Kb\\u202ec\\x00病例.svs\n")


def test_a_traceback_is_moved_in_with_all_that_its_error_says(logged):
    def fail(log):
        try:
            raise ValueError(f"{FORGED}\x1b[0m")
        except ValueError:
            log.exception("request %s failed", "1\n2")

    first, *others = logged(fail).splitlines()
    assert first.endswith("ERROR request 1\\n2 failed")
    assert len(others) > 3
    assert all(line.startswith("    ") and line.isprintable() for line in others)


def test_nothing_in_a_name_is_a_template(logged):
    said = logged(lambda log: log.info("%s was imported", "%s %(levelname)s {0} {{7*7}} ${7*7}"))
    assert said.endswith("INFO %s %(levelname)s {0} {{7*7}} ${7*7} was imported\n")
