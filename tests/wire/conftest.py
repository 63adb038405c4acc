"""A slide in a project of alice and bob, and a clock for what is believed of its tiles."""

import time
from types import SimpleNamespace

import pytest

from atrisys.wire import believed


@pytest.fixture
def clock(monkeypatch):
    """The seconds that pass are those that a test lets pass."""
    clock = SimpleNamespace(now=time.monotonic())
    monkeypatch.setattr(believed, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


@pytest.fixture
def project(given, alice, bob):
    return given.project(alice, [bob])


@pytest.fixture
def image(given, alice, project, tmp_path, clock):
    """900 x 700 px, JPEG tiles of 128 px."""
    return given.slide(alice, project, folder=tmp_path).image_instance_ids[0]
