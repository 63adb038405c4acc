"""The parser of uploads, over the whole application: bodies are sent as they are written here."""

import hashlib
import random

import pytest

from atrisys.store.tables import UploadedFile

BOUNDARY = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def send(given, alice):
    def send(body, content_type=f"multipart/form-data; boundary={BOUNDARY}"):
        address = f"/upload?storage={given.storage_of(alice).id}"
        return alice.post(address, content=body, headers={"content-type": content_type})

    return send


@pytest.fixture
def incoming(store):
    return lambda: [path for path in (store.folder.files / ".incoming").rglob("*") if path.is_file()]


def part(content, head='form-data; name="files[]"; filename="a.svs"'):
    """As the official clients write it: without a Content-Type of its own."""
    return f"--{BOUNDARY}\r\nContent-Disposition: {head}\r\n\r\n".encode() + content + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()


@pytest.mark.parametrize("size", [0, 1, 1000, 1 << 20, (3 << 20) + 17])
def test_all_bytes_come_in_whatever_they_hold(send, db, store, size):
    content = random.Random(size).randbytes(size // 2) + f"\r\n--{BOUNDARY[:-1]}\r\n--".encode() * (size > 100)
    content += bytes(size - min(size, len(content)))
    answer = send(part(content) + END)
    assert answer.status_code == 200, answer.text
    row = db.get(UploadedFile, answer.json()[0]["uploadedFile"]["id"])
    assert (row.size, row.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert store.folder.path_of(row.filename).read_bytes() == content


def test_other_fields_of_the_form_are_passed_over(send):
    field = part(b"x" * 3_000_000, 'form-data; name="comment"')
    answer = send(field + part(b"abc") + field + END)
    assert answer.json()[0]["size"] == "3"


@pytest.mark.parametrize(("body", "said"), [
    (b"", "broke off"),
    (END, "no file"),
    (part(b"abc"), "broke off"),
    (part(b"abc")[:-9], "broke off"),
    (part(b"abc", 'form-data; name="files[]"') + END, "no file"),
    (part(b"abc") + part(b"def") + END, "one file"),
    (b"garbage that is no form at all", "no whole multipart form"),
    (f"--{BOUNDARY}\r\nContent-Disposition: {'x' * 9000}\r\n\r\n".encode(), "no whole multipart form"),
])  # fmt: skip
def test_a_body_that_is_no_whole_form_is_refused_and_leaves_nothing(send, incoming, db, body, said):
    answer = send(body)
    assert answer.status_code == 400
    assert said in answer.json()["errors"]
    assert incoming() == []


@pytest.mark.parametrize("content_type", ["application/json", "", "multipart/form-data", "text/plain"])
def test_only_a_multipart_form_is_taken(send, content_type):
    answer = send(part(b"abc") + END, content_type)
    assert answer.status_code == 400
    assert "multipart/form-data" in answer.json()["errors"]


@pytest.mark.parametrize(("head", "name"), [
    ('form-data; name="files[]"; filename="切片 一.svs"', "切片 一.svs"),
    ('form-data; name="files[]"; filename="caf\xe9.svs"', "café.svs"),
    ('form-data; name="files[]"; filename="a%22b.svs"', 'a"b.svs'),
    ('form-data; name="files[]"; filename="/tmp/a/x y.svs"', "x y.svs"),
    ('form-data; name="files[]"; filename="C:\\slides\\x.svs"', "x.svs"),
    ('form-data; name="files[]"; filename=""', "slide"),
])  # fmt: skip
def test_names_are_read_as_clients_write_them(send, head, name):
    body = part(b"abc", head) if "\xe9" not in head else part(b"abc", head).replace("\xe9".encode(), b"\xe9")
    assert send(body + END).json()[0]["name"] == name


def test_an_upload_that_breaks_off_leaves_nothing(given, alice, incoming, app):
    """The connection ends in the middle: spoken to the application without a client between."""
    import anyio

    request = alice.build_request(
        "POST",
        f"/upload?storage={given.storage_of(alice).id}",
        content=b"",
        headers={"content-type": f"multipart/form-data; boundary={BOUNDARY}"},
    )
    signed = next(alice.auth.auth_flow(request))
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/upload",
        "raw_path": b"/upload",
        "query_string": signed.url.query,
        "headers": [(k.lower(), v) for k, v in signed.headers.raw if k.lower() != b"content-length"],
        "client": ("127.0.0.1", 1),
        "server": ("testserver", 80),
        "root_path": "",
    }
    seen: list[list] = []
    messages = iter(
        [
            {"type": "http.request", "body": part(b"z" * (2 << 20))[:-2], "more_body": True},
            {"type": "http.disconnect"},
        ]
    )

    async def receive():
        message = next(messages)
        seen.append(incoming())
        return message

    async def send(_message):
        return None

    anyio.run(app, scope, receive, send)
    assert len(seen[1]) == 1
    assert incoming() == []
