"""Reports on annotations: for members, of what they see, in four formats, with Cytomine's columns."""

import csv
import io
import json
import zipfile

import pytest

from atrisys.actions.annotation_report import Pictures, open_report, read_lines
from atrisys.actions.find_annotations import Wanted
from atrisys.exports import xlsx
from atrisys.resources import annotation_report
from atrisys.store.tables import ImageInstance, UserAnnotation
from given import slides
from given.annotations import SQUARE
from tables import pdf_of, sheet_of

BOX = "POLYGON ((20 20, 20 60, 60 60, 60 20, 20 20))"
EVIL = '=HYPERLINK("http://x","腫瘤")'
CYTOMINES = (
    "Id", "Area (microns²)", "Perimeter (mm)", "X", "Y", "Image Id", "Image Filename", "User", "Term",
    "View annotation picture", "View annotation on image",
)  # fmt: skip


class Lung:
    def __init__(self, given, alice, bob) -> None:
        ontology = given.ontology(alice)
        self.tumour, self.stroma = given.term(ontology, EVIL), given.term(ontology, "stroma")
        self.project = given.project(alice, [bob], ontology=ontology, name="肺 Lung")
        base = given.abstract_image(alice, width=400, height=300, original_filename="+病例.svs")
        self.image = given.image(self.project, alice, base)
        self.other = given.image(self.project, alice, width=400, height=300)
        self.hers = given.annotation(self.image, alice, BOX, [self.tumour, self.stroma])
        self.his = given.annotation(self.image, bob)
        self.elsewhere = given.annotation(self.other, bob, terms=[self.stroma])

    def set(self, alice, **settings) -> None:
        assert alice.put(f"/api/project/{self.project.id}.json", json=settings).status_code == 200

    def accept_hers(self, alice) -> int:
        assert alice.post(f"/api/imageinstance/{self.image.id}/review.json").status_code == 200
        answer = alice.post(f"/api/annotation/{self.hers.id}/review.json", json={})
        return answer.json()["reviewedannotation"]["id"]

    def address(self, of="annotation", last="download") -> str:
        return f"/api/project/{self.project.id}/{of}/{last}"


@pytest.fixture
def lung(given, alice, bob):
    return Lung(given, alice, bob)


def lines_of(answer) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.text), delimiter=";"))


def ids_of(person, lung, **query) -> list[int]:
    lines = lines_of(person.get(lung.address(), params={"format": "csv", **query}))
    return [int(line["Id"]) for line in lines]


def test_a_csv_has_cytomines_columns_and_a_line_for_each_annotation(bob, lung):
    answer = bob.get(lung.address(), params={"format": "csv"})
    lines = lines_of(answer)
    assert answer.headers["content-disposition"].endswith(f"_annotations_project{lung.project.id}.csv")
    assert tuple(lines[0])[: len(CYTOMINES)] == CYTOMINES
    assert [int(line["Id"]) for line in lines] == [lung.elsewhere.id, lung.his.id, lung.hers.id]
    line = lines[2]
    assert (float(line["Area (microns²)"]), line["Area Unit"]) == (1600, lung.hers.area_unit)
    assert (line["Image Id"], line["User"]) == (str(lung.image.id), "alice")
    assert line["View annotation picture"] == f"http://testserver/api/userannotation/{lung.hers.id}/crop.png"
    assert line["View annotation on image"].endswith(
        f"/#/project/{lung.project.id}/image/{lung.image.id}/annotation/{lung.hers.id}"
    )


def test_centroids_are_cytomines_unless_image_order_is_asked_for(bob, lung):
    place = {}
    for origin in ("left-bottom", "left-top"):
        line = lines_of(bob.get(lung.address(), params={"format": "csv", "origin": origin}))[2]
        assert line["Origin"] == origin
        place[origin] = (float(line["X"]), float(line["Y"]))
    assert place == {"left-bottom": (40, 40), "left-top": (40, 260)}


def test_no_text_of_a_csv_is_a_formula(bob, lung):
    line = lines_of(bob.get(lung.address(), params={"format": "csv"}))[2]
    assert line["Term"] == f"'{EVIL}- stroma"
    assert line["Image Filename"] == "'+病例.svs"


@pytest.mark.parametrize("word", ["xls", "xlsx"])
def test_a_workbook_holds_the_same_with_texts_as_texts(bob, lung, word):
    answer = bob.get(lung.address(), params={"format": word})
    assert answer.headers["content-disposition"].endswith(f"_annotations_project{lung.project.id}.xlsx")
    head, *rows = sheet_of(answer.content)
    assert tuple(head) == annotation_report.HEAD
    line = dict(zip(head, rows[2], strict=True))
    assert (line["Id"], line["Term"], line["Image Filename"]) == (lung.hers.id, f"{EVIL}- stroma", "+病例.svs")


def test_more_rows_than_a_sheet_has_are_refused_before_anything_is_written(bob, lung, monkeypatch):
    monkeypatch.setattr("atrisys.wire.reports.MOST_ROWS", 2)
    answer = bob.get(lung.address(), params={"format": "xls"})
    assert answer.status_code == 400
    assert "3" in answer.json()["message"]
    assert xlsx.MOST_ROWS == 1_048_575


def test_without_a_format_it_is_a_pdf_that_can_be_read_in_chinese(bob, lung, store):
    answer = bob.get(lung.address())
    assert answer.headers["content-type"] == "application/pdf"
    text = pdf_of(answer.content)
    assert "Annotations in 肺 Lung" in text
    assert "腫瘤" in text.replace("\n", "")
    assert "病例" in text
    assert str(lung.hers.id) in text
    assert not list(store.folder.tmp.iterdir())


def test_a_pdf_says_in_words_what_it_leaves_out(bob, lung, monkeypatch):
    monkeypatch.setattr(annotation_report, "MOST_IN_PDF", 2)
    monkeypatch.setattr(annotation_report, "MOST_PICTURES", 1)
    text = pdf_of(bob.get(lung.address(), params={"format": "pdf"}).content)
    assert "These are the newest 2 of 3" in text
    assert "a report has 1 at most" in text
    assert str(lung.hers.id) not in text


@pytest.fixture
def photographed(given, alice, db, tmp_path, monkeypatch):
    """An image with pixels, and two annotations on it; there is time enough for their pictures."""
    monkeypatch.setattr("atrisys.actions.annotation_report.ONE_PICTURE_S", 600.0)
    monkeypatch.setattr(annotation_report, "PICTURES_S", 600.0)
    path = slides.pyramid(tmp_path / "slide.tif", slides.tissue(300, 200), compression="zlib")
    taken = given.slide(alice, given.project(alice), path=path)
    image = db.get_one(ImageInstance, taken.image_instance_ids[0])
    for shape in (BOX, SQUARE):
        given.annotation(image, alice, shape)
    return image


def test_a_pdf_has_a_picture_of_each_annotation(alice, photographed):
    answer = alice.get(f"/api/project/{photographed.project_id}/annotation/download")
    assert answer.content.count(b"/Subtype /Image") == 2


def test_pictures_end_with_their_number_with_their_time_and_with_the_annotation(alice, photographed, store, db):
    wanted = Wanted(images=[photographed.id])
    report = open_report(db, alice.caller, wanted)
    newest, oldest = read_lines(db, report)
    pictures = Pictures(store, report, most=1, limit_s=600)
    assert (pictures.of(newest) or b"").startswith(b"\xff\xd8")
    assert pictures.is_over
    assert pictures.of(oldest) is None
    assert Pictures(store, report, most=1, limit_s=-1).of(newest) is None
    db.delete(db.get_one(UserAnnotation, newest.id))
    db.flush()
    assert Pictures(store, report, most=1, limit_s=600).of(newest) is None


def test_the_words_choose_as_those_of_a_listing_do(bob, alice, lung):
    hers, his, elsewhere = lung.hers.id, lung.his.id, lung.elsewhere.id
    assert ids_of(bob, lung, users=alice.id) == [hers]
    assert ids_of(bob, lung, terms=lung.tumour.id) == [hers]
    assert ids_of(bob, lung, terms=f"{lung.tumour.id},{lung.stroma.id}") == [elsewhere, hers]
    assert ids_of(bob, lung, images=lung.other.id) == [elsewhere]
    assert ids_of(bob, lung, noTerm="true") == [his]
    assert ids_of(bob, lung, multipleTerms="true") == [hers]
    assert ids_of(bob, lung, afterThan=lung.his.created + 10**9) == []
    assert ids_of(bob, lung, beforeThan=lung.hers.created - 1) == []
    assert ids_of(bob, lung, users="", terms="", images="", reviewUsers="") == [elsewhere, his, hers]


def test_cytomines_page_asks_with_lists_in_a_body(bob, alice, lung):
    body = {"format": "csv", "users": [str(alice.id)], "terms": [lung.tumour.id], "images": [], "reviewed": False}
    answer = bob.post(lung.address(), json=body)
    assert [int(line["Id"]) for line in lines_of(answer)] == [lung.hers.id]
    assert bob.post(lung.address(), json=[1]).status_code == 400


def test_what_was_accepted_is_told_apart_with_its_own_terms(alice, bob, lung):
    copy = lung.accept_hers(alice)
    for query, of in (({"reviewed": "true"}, "annotation"), ({}, "reviewedannotation")):
        [line] = lines_of(bob.get(lung.address(of), params={"format": "csv", **query}))
        assert int(line["Id"]) == copy
        assert line["Term"] == f"'{EVIL}- stroma"
        assert line["View annotation picture"].endswith(f"/api/reviewedannotation/{copy}/crop.png")
    assert ids_of(bob, lung, reviewed="true", reviewUsers=bob.id) == []
    assert ids_of(bob, lung, notReviewedOnly="true") == [lung.elsewhere.id, lung.his.id]
    assert len(lines_of(bob.get(lung.address("userannotation"), params={"format": "csv"}))) == 3


def test_geojson_is_a_zip_with_a_file_for_each_image(alice, bob, lung):
    answer = bob.get(lung.address("annotations", "export"), params={"users": bob.id, "terms": lung.stroma.id})
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == [f"{lung.other.id}.geojson", "manifest.json"]
        file = json.loads(archive.read(f"{lung.other.id}.geojson"))
    assert file["origin"] == "left-top"
    assert [one["properties"]["annotation_id"] for one in file["features"]] == [lung.elsewhere.id]


def test_geojson_of_what_was_accepted_holds_the_copies(alice, bob, lung):
    copy = lung.accept_hers(alice)
    answer = bob.get(lung.address("annotations", "export"), params={"reviewed": "true", "origin": "left-bottom"})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        file = json.loads(archive.read(f"{lung.image.id}.geojson"))
    [feature] = file["features"]
    assert file["origin"] == "left-bottom"
    assert feature["geometry"]["coordinates"][0][0] == [20, 20]
    assert feature["properties"]["annotation_id"] == copy
    assert feature["properties"]["terms"] == [EVIL, "stroma"]


# --- rights ----------------------------------------------------------------------------------------------------------

EVERY = [("annotation", "download"), ("userannotation", "download"), ("algoannotation", "download"),
         ("reviewedannotation", "download"), ("annotations", "export"), ("user", "download")]  # fmt: skip


@pytest.mark.parametrize(("of", "last"), EVERY)
def test_nobody_and_strangers_get_no_report(nobody, charlie, lung, of, last):
    address = lung.address(of, last)
    assert nobody.get(address).status_code == 401
    answer = charlie.get(address)
    assert answer.status_code == 404
    assert "肺" not in answer.text


def test_a_report_names_nothing_of_another_project(given, bob, charlie, lung):
    ontology = given.ontology(charlie)
    term, project = given.term(ontology, "theirs"), given.project(charlie, ontology=ontology)
    image = given.image(project, charlie)
    for query in ({"images": image.id}, {"terms": term.id}, {"images": f"{lung.image.id},{image.id}"}):
        answer = bob.get(lung.address(), params=query)
        assert answer.status_code == 404, query
        assert bob.get(lung.address("annotations", "export"), params=query).status_code == 404


@pytest.mark.parametrize("format", ["csv", "xls", "pdf"])
def test_hidden_layers_are_in_no_report(alice, bob, lung, format):
    lung.set(alice, hideAdminsLayers=True)
    read = {"csv": lambda body: body.decode(), "xls": lambda body: str(sheet_of(body)), "pdf": pdf_of}[format]
    seen = {person: read(person.get(lung.address(), params={"format": format}).content) for person in (alice, bob)}
    assert str(lung.hers.id) in seen[alice]
    assert str(lung.hers.id) not in seen[bob]
    assert str(lung.his.id) in seen[bob]
    assert ids_of(bob, lung, users=alice.id) == []


def test_hidden_layers_are_in_no_geojson(alice, bob, lung):
    lung.set(alice, hideAdminsLayers=True)
    answer = bob.get(lung.address("annotations", "export"), params={"users": alice.id})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == ["manifest.json"]


@pytest.mark.parametrize("format", ["csv", "xls", "pdf"])
def test_names_of_blinded_images_are_for_managers(alice, bob, lung, format):
    lung.set(alice, blindMode=True)
    read = {"csv": lambda body: body.decode(), "xls": lambda body: str(sheet_of(body)), "pdf": pdf_of}[format]
    seen = {person: read(person.get(lung.address(), params={"format": format}).content) for person in (alice, bob)}
    assert "病例" in seen[alice]
    assert "病例" not in seen[bob]


def test_the_cookie_of_a_signed_request_opens_reports(bob, nobody, lung):
    cookies = "; ".join(f"{name}={value}" for name, value in bob.get("/api/user/current.json").cookies.items())
    for of, last in EVERY:
        answer = nobody.get(lung.address(of, last), params={"format": "csv"}, headers={"cookie": cookies})
        assert answer.status_code == 200, of


@pytest.mark.parametrize(
    "query", [{"format": "exe"}, {"users": "x"}, {"afterThan": "soon"}, {"origin": "middle"}, {"users": "9" * 40}]
)
def test_what_cannot_be_read_is_refused(bob, lung, query):
    assert bob.get(lung.address(), params=query).status_code == 400, query


def test_more_ids_than_a_query_takes_are_refused(bob, lung):
    assert bob.post(lung.address(), json={"format": "csv", "terms": list(range(10_001))}).status_code == 400
