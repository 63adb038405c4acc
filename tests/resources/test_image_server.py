import pytest

from atrisys.imaging.recognise import FLAT_KINDS


def test_this_server_is_its_own_image_server(charlie, nobody):
    (only,) = charlie.get("/api/imageserver.json").json()["collection"]
    assert (only["url"], only["available"]) == ("http://testserver", True)
    assert charlie.get(f"/api/imageserver/{only['id']}.json").json() == only
    assert charlie.get("/api/imageserver/8.json").status_code == 404
    assert nobody.get("/api/imageserver.json").status_code == 401


def test_formats_are_told_with_what_happens_to_them(charlie):
    formats = {row["id"]: row for row in charlie.get("/api/imageserver/format.json").json()["collection"]}
    assert {name for name, row in formats.items() if row["convertible"]} == set(FLAT_KINDS)
    assert formats["DICOM"]["readable"]
    assert not formats["DICOM"]["convertible"]


@pytest.mark.parametrize("path", ["/status.json", "/api/status.json"])
def test_anybody_may_ask_whether_the_server_is_alive(nobody, path):
    assert nobody.get(path).json()["alive"] is True
