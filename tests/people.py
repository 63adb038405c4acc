"""A person of the cast, at the other end of HTTP."""

import email.utils
from collections.abc import Generator

import httpx2 as httpx
from fastapi import FastAPI
from starlette.testclient import TestClient

from atrisys.access.caller import Caller
from atrisys.access.keys import signature_of


class Signed(httpx.Auth):
    """Signs as Cytomine's Python client 4.3.0 does."""

    def __init__(self, public_key: str, private_key: str) -> None:
        self.public_key, self.private_key = public_key, private_key

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["date"] = email.utils.formatdate(usegmt=False)
        kind = request.headers.get("content-type", "")
        message = f"{request.method}\n\n{kind}\n{request.headers['date']}"
        signature = signature_of(self.private_key, message)
        request.headers["authorization"] = f"CYTOMINE {self.public_key}:{signature}"
        yield request


class Person(TestClient):
    """Sends signed requests (Cytomine's dialect); without keys, nobody's."""

    def __init__(
        self, app: FastAPI, caller: Caller | None = None, public_key: str = "", private_key: str = "", **kwargs: object
    ) -> None:
        super().__init__(app, base_url="http://testserver", raise_server_exceptions=False)
        self.caller = caller
        self.id = caller.id if caller else 0
        self.public_key, self.private_key = public_key, private_key
        if caller:
            self.auth = Signed(public_key, private_key)

    def with_token(self) -> TestClient:
        """The same person with curl: both keys in headers."""
        client = TestClient(self.app, raise_server_exceptions=False)
        client.headers.update({"X-Auth-Token": self.public_key, "X-Auth-Secret": self.private_key})
        return client
