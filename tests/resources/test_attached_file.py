import pytest
from sqlalchemy import func, select

from atrisys.store.tables import AttachedFile

UPLOAD = "/api/attachedfile.json"


def address_of(row):
    return f"/api/domain/{row.cytomine_class}/{row.id}/attachedfile.json"


def named(row, **more):
    return {"domainClassName": row.cytomine_class, "domainIdent": row.id, **more}


def part(content=b"%PDF", name="report.pdf"):
    return {"files[]": (name, content)}


@pytest.fixture
def kept_files(store):
    """How many files lie in the store, those on their way in included."""
    return lambda: sum(path.is_file() for path in store.folder.files.rglob("*"))


def test_a_file_is_attached_listed_downloaded_renamed_and_deleted(given, alice, kept_files):
    project, before = given.project(alice), kept_files()
    file = alice.post(UPLOAD, params=named(project, filename="../a/notes.txt", key="k"), files=part(b"notes")).json()
    assert (file["filename"], file["key"], file["size"]) == ("notes.txt", "k", 5)
    assert (file["domainIdent"], file["class"]) == (project.id, "be.cytomine.domain.meta.AttachedFile")
    assert file["url"] == f"/api/attachedfile/{file['id']}/download"
    assert alice.get(address_of(project)).json()["collection"] == [file]
    assert alice.get(f"/api/attachedfile/{file['id']}.json").json() == file
    assert alice.get(file["url"]).content == b"notes"
    path = f"/api/attachedfile/{file['id']}.json"
    assert alice.put(path, json={"filename": "b\\new.txt"}).json()["data"]["filename"] == "new.txt"
    assert alice.delete(path).status_code == 200
    assert alice.get(path).status_code == alice.get(file["url"]).status_code == 404
    assert kept_files() == before


def test_what_is_said_of_it_comes_in_the_address_the_query_or_the_form(given, alice):
    project = given.project(alice)
    said = {key: str(value) for key, value in named(project, filename="said.txt").items()}
    answers = [
        alice.post(UPLOAD, data=said, files=part()),
        alice.put(UPLOAD, params=said, files=part()),
        alice.post(address_of(project), params={"domainIdent": 1, "filename": "said.txt"}, files=part()),
    ]
    assert [answer.json()["filename"] for answer in answers] == ["said.txt"] * 3
    assert alice.get(address_of(project)).json()["size"] == 3


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("/srv/slides/report.pdf", "report.pdf"),
        ("C:\\slides\\報告.pdf", "報告.pdf"),
        ("..", "file"),
        ("evil\u202egpj.exe", "evilgpj.exe"),
        ("n" * 300 + ".pdf", "n" * 251 + ".pdf"),
        ("a\r\nSet-Cookie: x", "aSet-Cookie: x"),
    ],
)
def test_a_name_is_cleaned_and_names_nothing_on_the_disk(given, alice, store, db, sent, shown):
    params = named(given.project(alice), filename=sent)
    file = alice.post(UPLOAD, params=params, files=part()).json()
    assert file["filename"] == shown
    kept = db.get_one(AttachedFile, file["id"]).kept_name
    assert store.folder.path_of(kept).is_file()
    assert shown not in kept
    headers = alice.get(file["url"]).headers
    assert headers["content-disposition"].startswith("attachment; filename=")
    assert "\n" not in headers["content-disposition"]


@pytest.mark.parametrize("name", ["page.html", "drawing.svg", "script.js", "feed.xml", "picture.png"])
def test_bytes_are_never_shown_in_a_browser_whatever_they_are(given, alice, name):
    hostile = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    file = alice.post(UPLOAD, params=named(given.project(alice)), files={"files[]": (name, hostile, "text/html")})
    answer = alice.get(file.json()["url"])
    assert answer.content == hostile
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_other_bytes_take_the_place_of_the_first(given, alice, charlie, kept_files):
    project = given.project(alice)
    file, before = given.attached_file(project, b"first"), kept_files()
    path = f"/api/attachedfile/{file.id}.json"
    assert charlie.post(path, files=part()).status_code == 404
    answer = alice.post(path, files=part(b"second", "second.txt")).json()
    assert (answer["id"], answer["filename"], answer["size"], answer["version"]) == (file.id, "second.txt", 6, 2)
    assert alice.get(answer["url"]).content == b"second"
    assert kept_files() == before


def test_a_file_that_is_too_large_is_refused_with_the_settings_name(given, alice, db, store, monkeypatch, kept_files):
    project, before = given.project(alice), kept_files()
    small = store.settings.model_copy(update={"max_attached_mb": 0})
    monkeypatch.setattr(store, "settings", small)
    answer = alice.post(UPLOAD, params=named(project), files=part())
    assert (answer.status_code, "ATRISYS_MAX_ATTACHED_MB" in answer.json()["errors"]) == (400, True)
    assert kept_files() == before
    assert db.scalar(select(func.count()).select_from(AttachedFile)) == 0


def test_larger_bodies_than_elsewhere_are_taken_in_only_where_they_go_to_the_disk(given, alice, settings):
    project = given.project(alice)
    large = b"0" * ((settings.max_body_mb << 20) + 1)
    assert alice.post(UPLOAD, params=named(project), files=part(large)).status_code == 200
    file = given.attached_file(project)
    assert alice.put(f"/api/attachedfile/{file.id}.json", files=part(large)).status_code == 413
    assert alice.post("/api/property.json", files=part(large)).status_code == 413


@pytest.mark.parametrize(
    "sent",
    [
        {"json": [{"filename": "a"}]},
        {"data": {"key": "no file"}},
        {"files": [("files[]", ("a", b"1")), ("files[]", ("b", b"2"))]},
        {"files": part(), "data": {"key": "k" * 10_000}},
        {"files": part(), "params": {"key": "k" * 300}},
    ],
)
def test_what_is_no_single_file_is_refused_and_leaves_nothing(given, alice, kept_files, sent):
    project, before = given.project(alice), kept_files()
    assert alice.post(address_of(project), **sent).status_code == 400
    assert kept_files() == before
    assert alice.get(address_of(project)).json()["size"] == 0


def test_a_file_that_belongs_to_nothing_is_refused(given, alice, kept_files):
    before = kept_files()
    for said, status in (({}, 400), ({"domainClassName": "Software", "domainIdent": 1}, 404)):
        assert alice.post(UPLOAD, params=said, files=part()).status_code == status
        assert alice.post(UPLOAD, data=said, files=part()).status_code == status
    assert kept_files() == before


def test_a_stranger_sees_nothing_and_leaves_nothing_and_a_contributor_only_reads(
    given, alice, bob, charlie, nobody, kept_files
):
    project = given.project(alice, [bob])
    file = given.attached_file(project, b"bytes")
    path, before = f"/api/attachedfile/{file.id}.json", kept_files()
    in_form = {"domainClassName": "project", "domainIdent": str(project.id)}
    for person, status in ((charlie, 404), (bob, 403), (nobody, 401)):
        assert person.post(UPLOAD, params=named(project), files=part()).status_code == status
        assert person.post(UPLOAD, data=in_form, files=part()).status_code == status
        assert person.post(address_of(project), files=part()).status_code == status
        assert person.post(path, files=part()).status_code == status
        assert person.put(path, json={"filename": "x"}).status_code == status
        assert person.delete(path).status_code == status
    assert kept_files() == before
    download = f"/api/attachedfile/{file.id}/download"
    for address in (path, download, f"{download}.json", address_of(project)):
        assert charlie.get(address).status_code == 404
        assert nobody.get(address).status_code == 401
        assert bob.get(address).status_code == 200
    assert alice.get(address_of(project)).json()["size"] == 1


def test_a_guest_attaches_nothing(given, ada):
    guest = given.person("greta", role="ROLE_GUEST")
    project = given.project(guest)
    assert guest.post(UPLOAD, params=named(project), files=part()).status_code == 403
    file = given.attached_file(project)
    assert guest.delete(f"/api/attachedfile/{file.id}.json").status_code == 403
    assert guest.get(f"/api/attachedfile/{file.id}/download").status_code == 200


def test_files_of_a_blinded_image_are_for_managers(given, alice, bob):
    image = given.image(given.project(alice, [bob], blind_mode=True), alice)
    file = given.attached_file(image)
    assert bob.get(address_of(image)).status_code == 403
    assert bob.get(f"/api/attachedfile/{file.id}/download").status_code == 404
    assert alice.get(f"/api/attachedfile/{file.id}/download").status_code == 200


def test_only_an_administrator_lists_them_all(given, ada, alice):
    file = given.attached_file(given.project(alice))
    assert alice.get(UPLOAD).status_code == 403
    assert [row["id"] for row in ada.get(UPLOAD).json()["collection"]] == [file.id]
