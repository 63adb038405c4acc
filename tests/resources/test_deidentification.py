import pytest

from events import about
from given import planted, slides


@pytest.fixture
def taken(given, alice, bob, tmp_path):
    path, _ = planted.svs(tmp_path / "case 7.svs")
    return given.slide(alice, given.project(alice, [bob]), path=path)


def reports_on(taken):
    return (
        f"/api/atrisys/abstractimage/{taken.abstract_image_id}/deidentification.json",
        f"/api/atrisys/imageinstance/{taken.image_instance_ids[0]}/deidentification.json",
    )


def test_managers_are_told_what_was_found_with_its_value(alice, taken, store):
    for path in reports_on(taken):
        report = alice.get(path).json()
        assert (report["image"], report["format"], report["tellsValues"]) == (taken.abstract_image_id, "SVS", True)
        found = {one["where"]: one for one in report["findings"]}
        assert found["file name"]["value"] == "case 7.svs"
        assert found["page 2, label"]["size"] > 1000
        assert planted.TEXT in found["page 0, tag 270 ImageDescription"]["value"]
    assert about(store, "viewed") == [(alice.id, "AbstractImage", taken.abstract_image_id, "report on names")]


def test_contributors_are_told_the_same_without_values(alice, bob, taken):
    for path in reports_on(taken):
        hers, his = alice.get(path).json(), bob.get(path).json()
        assert not his["tellsValues"]
        assert [{**one, "value": None} for one in his["findings"]] == [
            {**one, "value": None} for one in hers["findings"]
        ]
        assert all("value" not in one for one in his["findings"])


def test_contributors_of_a_blinded_project_are_told_nothing(given, alice, bob, tmp_path):
    taken = given.slide(alice, given.project(alice, [bob], blind_mode=True), folder=tmp_path)
    for path in reports_on(taken):
        assert bob.get(path).status_code == 403
        assert alice.get(path).status_code == 200


def test_strangers_and_nobody_find_no_report(charlie, nobody, taken):
    for path in reports_on(taken):
        assert charlie.get(path).status_code == 404
        assert nobody.get(path).status_code == 401


def test_a_format_that_cannot_be_cleaned_has_a_report_and_is_refused_a_copy_with_words(given, alice, bob, tmp_path):
    taken = given.slide(alice, given.project(alice, [bob]), path=slides.philips(tmp_path / "a.tif"))
    told = {person: person.get(reports_on(taken)[1]).text for person in (alice, bob)}
    assert "PIM_DP_SCANNED_IMAGES" in told[alice]
    assert "tag 270 ImageDescription" in told[bob]
    assert "PIM_DP" not in told[bob]
    copy = f"/api/atrisys/abstractimage/{taken.abstract_image_id}/cleancopy.json"
    answer = alice.post(copy, headers={"Accept-Language": "zh-TW"})
    assert (answer.status_code, answer.json()["code"]) == (400, "slide_unreadable")
    assert "PHILIPS" in answer.json()["errors"]
    assert answer.json()["errors"].startswith("無法")


def test_a_slide_without_a_file_has_no_report(given, alice):
    image = given.image(given.project(alice), alice)
    assert alice.get(f"/api/atrisys/imageinstance/{image.id}/deidentification.json").status_code == 404
