"""A slide's tiles as people ask for them, by each of the four credentials; and what that asks of the database."""

from starlette.testclient import TestClient

from atrisys.store.tables import AbstractImage, ImageInstance, UploadedFile
from browser import signed_in
from counting import statements


def tile(id, level=0, column=1, row=1, noun="imageinstance"):
    return f"/api/atrisys/{noun}/{id}/tile/{level}/{column}/{row}.jpg"


def bare(app, **headers):
    """A client with just these headers."""
    client = TestClient(app, raise_server_exceptions=False)
    client.headers.update(headers)
    return client


def ways(app, person, username):
    """The same person by each of the four credentials."""
    person.get("/api/user/current.json")
    by_cookie = bare(app, cookie=f"atrisys_pictures={person.cookies['atrisys_pictures']}")
    person.cookies.clear()
    return {
        "signature": person,
        "token": person.with_token(),
        "session": signed_in(app, username),
        "picture cookie": by_cookie,
    }


def asked(store, client, path, method="GET", **sent):
    """The answer, and how often the database was asked for it."""
    with statements(store) as seen:
        answer = client.request(method, path, **sent)
    return answer, len(seen)


def file_of(store, db, image):
    base = db.get_one(AbstractImage, db.get_one(ImageInstance, image).base_image_id)
    return store.folder.path_of(db.get_one(UploadedFile, base.uploaded_file_id).filename)
