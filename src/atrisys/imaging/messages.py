"""What goes over the pipe to a worker and back: JSON, with arrays and bytes behind it as they are.

No pickles: a worker reads files from strangers, and what it answers must not be able to run anything here.

One message: length of the head (4 bytes, big endian) · the head, JSON: {"body": …, "parts": [lengths in bytes]} ·
the parts. In the body an array stands as {"$array": number of its part, "dtype": …, "shape": …} and bytes as
{"$bytes": number of the part}. Tuples arrive as lists.
"""

import json
import struct
from collections.abc import Callable
from typing import Any

import numpy as np

Buffer = bytes | bytearray | memoryview

MOST_HEAD = 64 << 20
MOST_PARTS = 3 << 30
_TYPES = {"|u1", "<u2", "<u4", "<u8", "|b1"}
_LENGTH = struct.Struct(">I")


class Garbled(ValueError):
    """What came over the pipe is no message."""


def pack(body: Any) -> list[Buffer]:
    """A message as buffers to be written one after another.

    Args:
        body: None, bool, int, float, str, bytes, arrays (unsigned integers, booleans), and lists, tuples and dicts of
            these with strings for keys.
    """
    parts: list[Buffer] = []
    plain = _lay_out(body, parts)
    head = json.dumps({"body": plain, "parts": [memoryview(part).nbytes for part in parts]}).encode()
    return [_LENGTH.pack(len(head)), head, *(part for part in parts if memoryview(part).nbytes)]


def unpack(read_exactly: Callable[[int], Buffer]) -> Any:
    """The next message's body.

    Args:
        read_exactly: gives that many bytes, or raises EOFError; a bytearray is not copied again.

    Raises:
        Garbled: the bytes are no message, or one beyond all measure.
    """
    (length,) = _LENGTH.unpack(read_exactly(_LENGTH.size))
    if length > MOST_HEAD:
        raise Garbled(f"a head of {length} bytes")
    try:
        head = json.loads(bytes(read_exactly(length)))
        lengths = [int(n) for n in head["parts"]]
        body = head["body"]
    except (ValueError, KeyError, TypeError) as reason:
        raise Garbled(str(reason)) from reason
    if any(n < 0 for n in lengths) or sum(lengths) > MOST_PARTS:
        raise Garbled("parts beyond all measure")
    parts = [read_exactly(n) if n else b"" for n in lengths]
    try:
        return _put_together(body, parts)
    except (ValueError, KeyError, TypeError, IndexError) as reason:
        raise Garbled(str(reason)) from reason


def _lay_out(value: Any, parts: list[Buffer]) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [_lay_out(item, parts) for item in value]
    if isinstance(value, dict):
        return {str(key): _lay_out(item, parts) for key, item in value.items()}
    if isinstance(value, bytes | bytearray | memoryview):
        parts.append(value)
        return {"$bytes": len(parts) - 1}
    if isinstance(value, np.ndarray):
        flat = np.ascontiguousarray(value)
        if flat.dtype.str not in _TYPES:
            raise TypeError(f"arrays of {flat.dtype} do not travel")
        parts.append(flat.reshape(-1).view(np.uint8).data)
        return {"$array": len(parts) - 1, "dtype": flat.dtype.str, "shape": list(value.shape)}
    raise TypeError(f"{type(value).__name__} does not travel")


def _put_together(value: Any, parts: list[Buffer]) -> Any:
    if isinstance(value, list):
        return [_put_together(item, parts) for item in value]
    if not isinstance(value, dict):
        return value
    if "$bytes" in value:
        return bytes(parts[value["$bytes"]])
    if "$array" in value:
        if value["dtype"] not in _TYPES:
            raise Garbled(f"an array of {value['dtype']}")
        return np.frombuffer(parts[value["$array"]], dtype=value["dtype"]).reshape(value["shape"])
    return {key: _put_together(item, parts) for key, item in value.items()}
