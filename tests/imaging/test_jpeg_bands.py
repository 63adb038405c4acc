import io
import threading
import weakref

import numpy as np
import pytest
from imagecodecs import jpeg8_decode
from PIL import Image

from atrisys.errors import PictureFailed, TooLarge
from atrisys.imaging import jpeg_bands
from atrisys.imaging.jpeg_bands import UNIT, stream_jpeg, strip_rows
from given import memory_slide


def whole_encode(pixels, quality):
    """libjpeg's own encoding of the whole picture, told to restart after each strip."""
    kept = io.BytesIO()
    _, width, samples = pixels.shape
    picture = Image.fromarray(pixels[..., 0] if samples == 1 else pixels)
    interval = strip_rows(width, samples) // UNIT[samples] * -(-width // UNIT[samples])
    picture.save(kept, "JPEG", quality=quality, restart_marker_blocks=interval)
    return kept.getvalue()


def cut(pixels, *rows):
    at = 0
    for count in rows:
        yield pixels[at : at + count]
        at += count
    yield pixels[at:]


@pytest.mark.parametrize("samples", [3, 1])
@pytest.mark.parametrize("quality", [30, 80, 95])
@pytest.mark.parametrize("size", [(333, 250), (16, 16), (17, 33), (1, 1), (640, 256), (5, 400)])
@pytest.mark.parametrize("strip_bytes", [1, 20_000])
def test_the_stream_equals_the_whole_encode_byte_for_byte(size, quality, samples, strip_bytes, monkeypatch):
    pixels = memory_slide.texture(*size, samples=samples)
    monkeypatch.setattr(jpeg_bands, "STRIP_BYTES", strip_bytes)
    found = b"".join(stream_jpeg(cut(pixels, 7, 1, 90, 16), *size, quality))
    assert found == whole_encode(pixels, quality)


def test_it_does_not_matter_how_the_bands_are_cut(monkeypatch):
    monkeypatch.setattr(jpeg_bands, "STRIP_BYTES", 300 * 3 * 40)
    pixels = memory_slide.texture(300, 500)
    expected = whole_encode(pixels, 75)
    for rows in ((), (1,) * 40, (16, 16), (15, 2, 15), (100, 100, 100), (499,)):
        assert b"".join(stream_jpeg(cut(pixels, *rows), 300, 500, 75)) == expected


def test_more_than_eight_strips_number_their_restarts_anew(monkeypatch):
    monkeypatch.setattr(jpeg_bands, "STRIP_BYTES", 1)
    pixels = memory_slide.texture(64, 16 * 20)
    stream = b"".join(stream_jpeg(iter([pixels]), 64, 320, 80))
    marks = [
        stream[at + 1] & 15 for at in range(len(stream) - 1) if stream[at] == 0xFF and 0xD0 <= stream[at + 1] <= 0xD7
    ]
    assert marks == [n % 8 for n in range(19)]
    assert Image.open(io.BytesIO(stream)).size == (64, 320)


def test_the_longest_sides_that_the_format_knows_can_be_read():
    """By a decoder that goes to the format's end; those with libjpeg's own limit stop at 65,500."""
    row = np.full((16, 65_535, 1), 200, np.uint8)
    wide = b"".join(stream_jpeg(iter([row]), 65_535, 16, 50))
    assert jpeg8_decode(wide).shape == (16, 65_535)
    high = b"".join(stream_jpeg((row[: 16 if n else 15, :8] for n in range(4096)), 8, 65_535, 50))
    assert jpeg8_decode(high).shape == (65_535, 8)


def test_beyond_the_format_is_refused_at_once():
    with pytest.raises(TooLarge):
        stream_jpeg(iter([]), 65_536, 10)
    with pytest.raises(TooLarge):
        stream_jpeg(iter([]), 10, 65_536)


@pytest.mark.parametrize("rows", [0, 30, 60])
def test_bands_that_do_not_make_up_the_picture_are_an_error_and_no_picture(rows):
    with pytest.raises(PictureFailed):
        list(stream_jpeg(iter([np.zeros((rows, 20, 3), np.uint8)] if rows else []), 20, 50))


def test_a_refusal_while_reading_reaches_who_asked():
    def broken():
        yield np.zeros((64, 20, 3), np.uint8)
        raise PictureFailed("Tile 3 is broken")

    with pytest.raises(PictureFailed, match="Tile 3"):
        list(stream_jpeg(broken(), 20, 200))


def test_only_a_few_bands_are_read_ahead_of_what_was_sent():
    given, lock = [], threading.Lock()

    def bands():
        for number in range(200):
            with lock:
                given.append(number)
            yield np.zeros((160, 4096, 3), np.uint8)

    stream = stream_jpeg(bands(), 4096, 200 * 160)
    for _ in range(5):
        next(stream)
    stream.close()
    assert len(given) < 10


def test_no_band_is_held_while_the_next_one_is_made():
    given: list[weakref.ref[np.ndarray]] = []

    def bands():
        for value in range(5):
            assert not [one for one in given if one() is not None]
            band = np.full((100, 64, 3), value, np.uint8)
            given.append(weakref.ref(band))
            yield band
            del band

    assert jpeg8_decode(b"".join(stream_jpeg(bands(), 64, 500))).shape == (500, 64, 3)
