"""The clients of a run: one that signs as the official Python client does, and a lean one that costs nearly nothing."""

import base64
import hashlib
import hmac
import http.client
import time
from dataclasses import dataclass

import requests

from bench.house import Keys

CHUNK = 1 << 20
KEPT_S = 3.0
"""How long a connection is believed to be still open: a bare server closes it after five idle seconds."""
ADDRESS = "http://127.0.0.1:{port}{path}"


def signed(keys: Keys, method: str, content_type: str = "") -> dict[str, str]:
    """Headers as the official client 4.3.0 sends them."""
    date = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime())
    text = f"{method}\n\n{content_type}\n{date}"
    signature = base64.b64encode(hmac.new(keys.private.encode(), text.encode(), hashlib.sha1).digest()).decode()
    headers = {
        "accept": "application/json, */*",
        "date": date,
        "X-Requested-With": "XMLHTTPRequest",
        "authorization": f"CYTOMINE {keys.public}:{signature}",
    }
    return {**headers, "content-type": content_type} if content_type else headers


class Session:
    """One requests.Session, shared by all threads, as the official client has it."""

    def __init__(self, keys: Keys, port: int) -> None:
        self._keys, self._port, self._session = keys, port, requests.Session()

    def post(self, path: str, body: bytes) -> int:
        headers = signed(self._keys, "POST", "application/json")
        return self._session.post(ADDRESS.format(port=self._port, path=path), data=body, headers=headers).status_code

    def close(self) -> None:
        self._session.close()


class Lean:
    """One connection, kept alive; for a single thread."""

    def __init__(self, keys: Keys, port: int) -> None:
        self._keys, self._connection = keys, http.client.HTTPConnection("127.0.0.1", port, timeout=600)
        self._used = 0.0

    def post(self, path: str, body: bytes) -> int:
        answer = self._ask("POST", path, body, "application/json")
        answer.read()
        return answer.status

    def _ask(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> http.client.HTTPResponse:
        if time.monotonic() - self._used > KEPT_S:
            self._connection.close()
        self._connection.request(method, path, body, signed(self._keys, method, kind))
        answer = self._connection.getresponse()
        self._used = time.monotonic()
        return answer

    def get(self, path: str) -> "Got":
        """Ask, and read the answer to its end without keeping it."""
        begun, size, first_s = time.perf_counter(), 0, 0.0
        answer = self._ask("GET", path)
        while chunk := answer.read(CHUNK):
            first_s = first_s or time.perf_counter() - begun
            size += len(chunk)
        return Got(answer.status, time.perf_counter() - begun, first_s, size)

    def get_whole(self, path: str) -> bytes:
        answer = self._ask("GET", path)
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}: {body[:300]!r}")
        return body

    def close(self) -> None:
        self._connection.close()


@dataclass(frozen=True)
class Got:
    status: int
    s: float
    """Until the last byte."""
    first_s: float
    """Until the first part of the body."""
    size: int
