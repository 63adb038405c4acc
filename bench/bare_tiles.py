"""Tiles with nothing but a pread: a raw ASGI application, no rights, no ETag, no checks. Run by bench/tiles.py.

The environment variable BARE_SLIDE names the slide. GET /{level}/{column}/{row}
"""

import os
from typing import Any

import tifffile


def create_app() -> Any:
    path = os.environ["BARE_SLIDE"]
    file = os.open(path, os.O_RDONLY)
    with tifffile.TiffFile(path) as tif:
        pages = [page.aspage() for page in tif.pages]
        levels = [(-(-page.imagewidth // page.tilewidth), page.dataoffsets, page.databytecounts) for page in pages]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": f"{message['type']}.complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        if scope["path"] == "/server/ping":
            body = b"ok"
        else:
            _, level, column, row = scope["path"].split("/")
            columns, offsets, lengths = levels[int(level)]
            index = int(row) * columns + int(column)
            body = os.pread(file, lengths[index], offsets[index])
        headers = [(b"content-type", b"image/jpeg"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app
