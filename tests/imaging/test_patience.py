"""One picture is many regions: who waits for it has one patience for all of them."""

import time

import pytest

from atrisys.errors import PictureFailed
from atrisys.imaging import making, pictures, regions
from atrisys.imaging.patience import Patience, within
from atrisys.imaging.reader import Box
from given import memory_slide

STEP_S = 0.02


class SlowSlide(memory_slide.MemorySlide):
    def read_region(self, *asked):
        time.sleep(STEP_S)
        return super().read_region(*asked)


@pytest.fixture
def slow():
    plain = memory_slide.slide(600, 600)
    return SlowSlide(plain.facts, plain.planes)


def test_a_thumbnail_of_very_many_regions_is_refused_when_its_time_is_over(slow, monkeypatch):
    monkeypatch.setattr(regions, "READ_BYTES", 3 * 40 * 40)
    with within(Patience(5 * STEP_S)), pytest.raises(PictureFailed, match=r"longer than 0\.1 s and was given up"):
        pictures.thumb(slow, max_size=300)
    assert 0 < len(slow.reads) < 10


@pytest.mark.parametrize("format", ["png", "webp"])
def test_each_band_of_a_large_picture_has_the_whole_time(slow, format, monkeypatch):
    monkeypatch.setattr(making, "WHOLE_PIXELS", 1000)
    monkeypatch.setattr(regions, "BAND_BYTES", 3 * 600 * 20)
    with within(Patience(20 * STEP_S)):
        body = pictures.window(slow, Box(0, 0, 600, 600), format=format).body
        assert len(body if isinstance(body, bytes) else b"".join(body)) > 1000
    assert len(slow.reads) > 25


def test_whoever_has_no_patience_takes_the_time_it_takes(slow, monkeypatch):
    monkeypatch.setattr(regions, "READ_BYTES", 3 * 100 * 100)
    pictures.thumb(slow, max_size=300)
    assert len(slow.reads) > 25


def test_nothing_more_is_read_of_a_slide_when_nobody_waits(slow):
    patience = Patience(60)
    patience.gone = True
    with within(patience), pytest.raises(PictureFailed, match="Nobody waits"):
        pictures.window(slow, Box(0, 0, 100, 100))
    assert slow.reads == []
