import contextlib
import zlib

import imagecodecs
import numpy as np
import pytest

from atrisys.imaging import codestreams
from atrisys.imaging.codestreams import NotPure, strip_deflate, strip_jpeg, strip_jpeg2000, strip_plain
from given import slides

PICTURE = slides.tissue(128, 96)
JPEG = imagecodecs.jpeg8_encode(PICTURE, 90)
J2K = imagecodecs.jpeg2k_encode(PICTURE, codecformat="j2k", level=0)


def segment(marker: int, body: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + (2 + len(body)).to_bytes(2, "big") + body


def test_a_jpeg_with_nothing_but_pixels_is_left_alone():
    assert strip_jpeg(JPEG) is JPEG


@pytest.mark.parametrize(
    "extra",
    [
        segment(0xFE, b"Jane Doe"),
        segment(0xE1, b"Exif\0\0 Jane Doe"),
        segment(0xE2, b"ICC_PROFILE\0 Jane Doe"),
        segment(0xE0, b"JFXX\0 Jane Doe"),
        segment(0xEE, b"Adobe Jane Doe, and more"),
        segment(0xFE, b"a start of pixels: \xff\xda Jane Doe"),
        b"\xff\xff\xff" + segment(0xFE, b"Jane Doe"),
        segment(0xF0, b"Jane Doe"),
    ],
)
def test_comments_and_application_data_go_and_pixels_stay(extra):
    scan = JPEG.index(b"\xff\xda")
    for spoilt in (JPEG[:2] + extra + JPEG[2:], JPEG[:scan] + extra + JPEG[scan:]):
        clean = strip_jpeg(spoilt)
        assert b"Jane" not in clean
        assert strip_jpeg(clean) is clean
        np.testing.assert_array_equal(imagecodecs.jpeg8_decode(clean), imagecodecs.jpeg8_decode(JPEG))


def test_segments_without_number_are_refused_and_fill_of_any_length_is_passed():
    comments = segment(0xFE, b"") * codestreams.MOST_SEGMENTS
    with pytest.raises(NotPure, match="too many segments"):
        strip_jpeg(JPEG[:2] + comments + JPEG[2:])
    assert strip_jpeg(JPEG[:2] + b"\xff" * 5000 + comments[:400] + JPEG[2:]).endswith(JPEG[3:])


def test_what_lies_behind_the_end_or_the_scan_goes():
    assert strip_jpeg(JPEG + b"Jane Doe") == JPEG
    assert strip_jpeg(JPEG + JPEG) == JPEG
    assert strip_jpeg(JPEG[:-2] + segment(0xFE, b"Jane Doe") + JPEG[-2:]) == JPEG


def test_a_picture_inside_of_a_jfif_mark_goes_with_it():
    thumb = segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1" + bytes([1, 1]) + b"Jan")
    assert b"Jan" not in strip_jpeg(b"\xff\xd8" + thumb + JPEG[2:])


@pytest.mark.parametrize(
    "spoilt",
    [
        b"",
        b"\xff\xd8",
        JPEG[:-2],
        JPEG[:200],
        JPEG[2:],
        JPEG[:2] + segment(0xDD, b"Jane") + JPEG[2:],
        JPEG[:2] + segment(0xDB, bytes(65) + b"Jane") + JPEG[2:],
        JPEG[:2] + segment(0xC4, bytes(17) + b"Jane") + JPEG[2:],
        JPEG[:2] + segment(0x42, b"Jane") + JPEG[2:],
        JPEG[:2] + b"\xff\xfe\0\1" + JPEG[2:],
    ],
)
def test_a_jpeg_that_is_no_plain_matter_is_refused(spoilt):
    with pytest.raises(NotPure):
        strip_jpeg(spoilt)


def test_random_changes_never_let_a_comment_through():
    rng = np.random.default_rng(4)
    spoilt = JPEG[:2] + segment(0xFE, b"Jane Doe") + JPEG[2:]
    for _ in range(2000):
        changed = bytearray(spoilt)
        for at in rng.integers(14, len(changed), 3):
            changed[at] = rng.integers(0, 256)
        with contextlib.suppress(NotPure):
            assert b"Jane Doe" not in strip_jpeg(bytes(changed))


def test_comments_of_jpeg_2000_go_and_pixels_stay():
    spoilt = J2K[:2] + _first_segment(J2K) + segment(0x64, b"\0\1Jane Doe") + J2K[2 + len(_first_segment(J2K)) :]
    for one in (J2K, spoilt, spoilt + b"Jane Doe"):
        clean = strip_jpeg2000(one)
        assert b"Jane" not in clean
        assert strip_jpeg2000(clean) is clean
        np.testing.assert_array_equal(imagecodecs.jpeg2k_decode(clean), PICTURE)


def _first_segment(code: bytes) -> bytes:
    return code[2 : 4 + int.from_bytes(code[4:6], "big")]


@pytest.mark.parametrize(
    "spoilt", [b"", J2K[:40], J2K[:-2], b"\0\0\0\x0cjP  " + J2K, J2K[:2] + b"\xff\x51\0\0" + J2K[6:]]
)
def test_no_codestream_is_refused(spoilt):
    with pytest.raises(NotPure):
        strip_jpeg2000(spoilt)


def test_what_lies_behind_other_streams_goes_and_wrong_sizes_are_refused():
    packed = zlib.compress(PICTURE.tobytes())
    assert strip_deflate(packed + b"Jane", PICTURE.nbytes) == packed
    assert strip_plain(b"pixelsJane", 6) == b"pixels"
    for size in (PICTURE.nbytes - 1, PICTURE.nbytes + 1):
        with pytest.raises(NotPure):
            strip_deflate(packed, size)
    for broken in (packed[:-1], b"no zlib"):
        with pytest.raises(NotPure):
            strip_deflate(broken, PICTURE.nbytes)
    with pytest.raises(NotPure):
        strip_plain(b"pix", 6)
