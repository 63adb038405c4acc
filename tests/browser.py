"""A browser at the other end of HTTP: it keeps cookies and says from which page it asks."""

from typing import Any

from fastapi import FastAPI
from starlette.testclient import TestClient

PASSWORD = "correct horse"


class Browser(TestClient):
    """`site`: where the page stands that asks, as browsers say it in Sec-Fetch-Site."""

    def __init__(self, app: FastAPI, site: str = "same-origin", base_url: str = "http://testserver", **kwargs: Any):
        super().__init__(app, base_url=base_url, raise_server_exceptions=False, **kwargs)
        self.headers["sec-fetch-site"] = site

    def sign_in(self, username: str, password: str = PASSWORD) -> Any:
        return self.post("/api/atrisys/session.json", json={"username": username, "password": password})

    def elsewhere(self) -> "Browser":
        """The same browser with the same cookies, showing a page of another site."""
        other = Browser(self.app, site="cross-site", base_url=str(self.base_url))
        other.cookies = self.cookies
        return other


def signed_in(app: FastAPI, username: str, **kwargs: Any) -> Browser:
    browser = Browser(app, **kwargs)
    answer = browser.sign_in(username)
    assert answer.status_code == 200, answer.text
    return browser
