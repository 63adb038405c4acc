import io

import numpy as np
import pytest
from hypothesis import given, strategies

from atrisys.imaging import messages

plain = strategies.recursive(
    strategies.none() | strategies.booleans() | strategies.integers() | strategies.text() | strategies.binary()
    | strategies.floats(allow_nan=False),
    lambda inner: strategies.lists(inner) | strategies.dictionaries(strategies.text(), inner),
)  # fmt: skip


def there_and_back(body: object) -> object:
    pipe = io.BytesIO(b"".join(messages.pack(body)))
    answer = messages.unpack(lambda length: bytearray(pipe.read(length)))
    assert not pipe.read()
    return answer


@given(plain)
def test_what_goes_out_comes_back(body: object):
    assert there_and_back(body) == body


@pytest.mark.parametrize("shape", [(0,), (1,), (3, 5), (7, 4, 3), (0, 5, 3)])
@pytest.mark.parametrize("kind", ["u1", "u2", "u4", "u8", "?"])
def test_arrays_come_back_with_type_and_shape(shape: tuple[int, ...], kind: str):
    array = (np.arange(np.prod(shape)) % 251).reshape(shape).astype(kind)
    back = there_and_back({"pixels": [array, array[..., ::-1]]})
    assert isinstance(back, dict)
    for sent, got in zip((array, array[..., ::-1]), back["pixels"], strict=True):
        assert (got.dtype, got.shape) == (sent.dtype, sent.shape)
        assert (got == sent).all()


def test_objects_do_not_travel():
    with pytest.raises(TypeError):
        messages.pack({"thing": object()})
    with pytest.raises(TypeError):
        messages.pack(np.array([object()]))


@pytest.mark.parametrize(
    "head",
    [
        b"no json",
        b"[]",
        b'{"body": 1}',
        b'{"body": 1, "parts": [-1]}',
        b'{"body": 1, "parts": [99999999999]}',
        b'{"body": {"$bytes": 3}, "parts": []}',
        b'{"body": {"$array": 0, "dtype": "|O", "shape": [1]}, "parts": []}',
        b'{"body": {"$array": 0, "dtype": "|u1", "shape": [7]}, "parts": [3]}',
        b"\xff\xfe",
    ],
)
def test_what_is_no_message_is_refused(head: bytes):
    pipe = io.BytesIO(len(head).to_bytes(4, "big") + head + b"abc")
    with pytest.raises(messages.Garbled):
        messages.unpack(lambda length: bytearray(pipe.read(length)))


def test_a_head_beyond_all_measure_is_not_read():
    with pytest.raises(messages.Garbled):
        messages.unpack(lambda length: b"\xff\xff\xff\xff")
