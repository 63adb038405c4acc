"""One file out of a multipart body, straight to its place: a slide may be larger than memory and `/tmp`."""

from typing import Any

from fastapi import Request
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from atrisys.errors import Invalid
from atrisys.store.files import DataFolder, Incoming, Received

WRITE_AT = 1 << 20
LONGEST_HEADER = 8192


async def receive_file(request: Request, folder: DataFolder, limit: int) -> tuple[Received, str]:
    """The bytes of the body's one file part, among the incoming files, and the name that was sent.

    Raises:
        Invalid: no multipart body, no file in it or several, or it broke off.
        TooLarge: more bytes than the limit. Nothing is left then.
    """
    kind, options = parse_options_header(request.headers.get("content-type"))
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise Invalid("Send the file as multipart/form-data, in a part named files[].")
    part = _FilePart(folder, limit)
    try:
        parser = MultipartParser(boundary, part.callbacks())
        async for chunk in request.stream():
            parser.write(chunk)
            if part.waiting >= WRITE_AT:
                await run_in_threadpool(part.write)
        return await run_in_threadpool(part.finish), part.name
    except MultipartParseError as error:
        await run_in_threadpool(part.discard)
        raise Invalid("The body is no whole multipart form: {reason}.", reason=str(error)[:200]) from error
    except ClientDisconnect as error:
        await run_in_threadpool(part.discard)
        raise Invalid("The upload broke off.") from error
    except BaseException:
        await run_in_threadpool(part.discard)
        raise


class _FilePart:
    """What the parser finds, until it is written."""

    def __init__(self, folder: DataFolder, limit: int) -> None:
        self._folder, self._limit = folder, limit
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
        if not self._is_file:
            return
        if self._incoming is not None:
            raise Invalid("Send one file with each request.")
        self.name = _text(options[b"filename"])
        self._incoming = self._folder.incoming(self.name.rpartition(".")[2], self._limit)

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self._pieces.append(data[start:end])
            self.waiting += end - start

    def _end(self) -> None:
        self._is_whole = True

    @staticmethod
    def _longer(text: bytes, more: bytes) -> bytes:
        if len(text) + len(more) > LONGEST_HEADER:
            raise Invalid("The body is no whole multipart form: {reason}.", reason="a header is too long")
        return text + more


def _text(name: bytes) -> str:
    """Names come as UTF-8; `"` comes as `%22`."""
    try:
        text = name.decode("utf-8")
    except UnicodeDecodeError:
        text = name.decode("latin-1")
    return text.replace("%22", '"')
