"""One file out of a multipart body, straight to its place: a slide may be larger than memory and `/tmp`."""

from collections.abc import Collection
from typing import Any, NamedTuple

from fastapi import Request
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from atrisys.errors import Invalid
from atrisys.store.files import BY_UPLOAD_LIMIT, DataFolder, Incoming, Received

WRITE_AT = 1 << 20
LONGEST_HEADER = 8192
"""Bytes of a header, or of a field."""


class Form(NamedTuple):
    """What a multipart body held."""

    received: Received
    name: str
    """Of the file, as it was sent."""
    fields: dict[str, str]


async def receive_file(
    request: Request, folder: DataFolder, limit: int, *, fields: Collection[str] = (), allowed_by: str = BY_UPLOAD_LIMIT
) -> Form:
    """The bytes of the body's one file part, among the incoming files, and those of the `fields` that came with it.

    Raises:
        Invalid: no multipart body, no file in it or several, a field that is too long, or it broke off.
        TooLarge: more bytes than the limit that the setting `allowed_by` sets. Nothing is left then.
    """
    kind, options = parse_options_header(request.headers.get("content-type"))
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise Invalid("Send the file as multipart/form-data, in a part named files[].")
    parts = _Parts(folder, limit, allowed_by, fields)
    try:
        parser = MultipartParser(boundary, parts.callbacks())
        async for chunk in request.stream():
            parser.write(chunk)
            if parts.waiting >= WRITE_AT:
                await run_in_threadpool(parts.write)
        return Form(await run_in_threadpool(parts.finish), parts.name, parts.fields())
    except MultipartParseError as error:
        await run_in_threadpool(parts.discard)
        raise Invalid("The body is no whole multipart form: {reason}.", reason=str(error)[:200]) from error
    except ClientDisconnect as error:
        await run_in_threadpool(parts.discard)
        raise Invalid("The upload broke off.") from error
    except BaseException:
        await run_in_threadpool(parts.discard)
        raise


class _Parts:
    """What the parser finds: the file until it is written, and the fields that are wanted."""

    def __init__(self, folder: DataFolder, limit: int, allowed_by: str, wanted: Collection[str]) -> None:
        self._folder, self._limit, self._allowed_by = folder, limit, allowed_by
        self._found = dict.fromkeys(wanted, b"")
        self._named = ""
        self._incoming: Incoming | None = None
        self._pieces: list[bytes] = []
        self._headers: dict[bytes, bytes] = {}
        self._field = self._value = b""
        self._is_file = self._is_whole = False
        self.name, self.waiting = "", 0

    def callbacks(self) -> Any:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._data,
            "on_end": self._end,
        }

    def write(self) -> None:
        pieces, self._pieces, self.waiting = self._pieces, [], 0
        if self._incoming and pieces:
            self._incoming.write(b"".join(pieces))

    def finish(self) -> Received:
        if not self._is_whole:
            raise Invalid("The upload broke off.")
        if self._incoming is None:
            raise Invalid("There is no file in the body. Send it in a part named files[].")
        self.write()
        return self._incoming.finish()

    def fields(self) -> dict[str, str]:
        return {name: text.decode("utf-8", "replace") for name, text in self._found.items() if text}

    def discard(self) -> None:
        if self._incoming:
            self._incoming.discard()

    def _begin(self) -> None:
        self._headers, self._field, self._value = {}, b"", b""

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._field = self._longer(self._field, data[start:end])

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value = self._longer(self._value, data[start:end])

    def _header_end(self) -> None:
        self._headers[self._field.lower()] = self._value
        self._field = self._value = b""

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        self._is_file = b"filename" in options
        self._named = _text(options.get(b"name", b""))
        if not self._is_file:
            return
        if self._incoming is not None:
            raise Invalid("Send one file with each request.")
        self.name = _text(options[b"filename"])
        self._incoming = self._folder.incoming(self.name.rpartition(".")[2], self._limit, self._allowed_by)

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self._pieces.append(data[start:end])
            self.waiting += end - start
        elif self._named in self._found:
            self._found[self._named] = self._longer(self._found[self._named], data[start:end])

    def _end(self) -> None:
        self._is_whole = True

    @staticmethod
    def _longer(text: bytes, more: bytes) -> bytes:
        if len(text) + len(more) > LONGEST_HEADER:
            raise Invalid("The body is no whole multipart form: {reason}.", reason="a header or a field is too long")
        return text + more


def _text(name: bytes) -> str:
    """Names come as UTF-8; `"` comes as `%22`."""
    try:
        text = name.decode("utf-8")
    except UnicodeDecodeError:
        text = name.decode("latin-1")
    return text.replace("%22", '"')
