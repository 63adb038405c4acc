"""Annotations of a project as files: tables (CSV, XLSX), a PDF with pictures, GeoJSON."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from fastapi import Depends, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.events import note
from atrisys.actions.annotation_report import AnnotationReport, Line, Pictures, open_report, read_lines
from atrisys.actions.export_training_data import Exporting, begin
from atrisys.actions.export_training_data import Wanted as ExportWanted
from atrisys.actions.find_annotations import Wanted
from atrisys.actions.zip_training_data import zip_training_data
from atrisys.exports.cells import Cell
from atrisys.exports.csv import write_csv
from atrisys.exports.pdf import PdfColumn, PdfRow, write_pdf
from atrisys.geometry.frames import LEFT_TOP, Origin, check_origin
from atrisys.store.session import Store
from atrisys.store.table import now_ms
from atrisys.store.tables import Project, ReviewedAnnotation, UserAnnotation
from atrisys.wire import dialect
from atrisys.wire.annotations import crop_word
from atrisys.wire.asking import CurrentStore, CurrentUser, Db, Find, Finder
from atrisys.wire.bodies import JsonBody
from atrisys.wire.described import asks
from atrisys.wire.downloads import attachment
from atrisys.wire.listing_words import FilterWords, ListingWords, words_of
from atrisys.wire.reports import as_moment, csv_answer, dated, file_answer, read_format, xlsx_answer
from atrisys.wire.routes import Routes, only_reads, opens_to_picture_cookie, takes_export_seat
from atrisys.wire.streaming import Stream

routes = Routes(tags=["annotation report"])

HEAD = (
    "Id", "Area (microns²)", "Perimeter (mm)", "X", "Y", "Image Id", "Image Filename", "User", "Term",
    "View annotation picture", "View annotation on image",
    "Area Unit", "Perimeter Unit", "Origin", "Created (UTC)",
)  # fmt: skip
"""Cytomine's columns, and what they leave open: the units of a slide that is not calibrated, where X and Y begin."""
PDF_COLUMNS = (
    PdfColumn("Id", 7), PdfColumn("Term", 14), PdfColumn("User", 9), PdfColumn("Area", 12), PdfColumn("Perimeter", 9),
    PdfColumn("X", 7), PdfColumn("Y", 7), PdfColumn("Image", 18), PdfColumn("Created (UTC)", 13),
)  # fmt: skip
MOST_IN_PDF, MOST_PICTURES, PICTURES_S = 1_000, 300, 30.0


@dataclass(frozen=True)
class Asked:
    """Who asks for a report, and where."""

    request: Request
    db: Session
    store: Store
    caller: Caller
    find: Finder

    def report(self, id: int, words: ListingWords) -> Response:
        format, origin = read_format(words.text("format")), dialect.read_origin(words.text("origin"))
        project = self.find(Project, id)
        report = open_report(self.db, self.caller, self._wanted(project.id, words))
        table = Table(self.store, report, dialect.address_of(self.request), origin)
        note(self.store, self.caller, "exported", Project, project.id, what=f"annotations as {format}")
        name = dated(f"annotations_project{project.id}")
        if format == "csv":
            return csv_answer(name, write_csv(HEAD, table.rows()))
        if format == "xlsx":
            return xlsx_answer(self.store.folder, name, HEAD, table.rows, report.total)
        return file_answer(self.store.folder, name, "pdf", table.write_pdf)

    def geojson(self, id: int, words: ListingWords) -> Response:
        project, origin = self.find(Project, id), check_origin(words.text("origin") or LEFT_TOP)
        wanted = ExportWanted(kinds=("geojson",), origin=origin, annotations=self._wanted(project.id, words))
        exporting = begin(self.store, self.caller, project.id, wanted)
        note(self.store, self.caller, "exported", Project, project.id, what="annotations as geojson")
        name = dated(f"annotations_project{project.id}.zip")
        return Stream(_zip(self.store, exporting), media_type="application/zip", headers=attachment(name))

    def _wanted(self, project_id: int, words: ListingWords) -> Wanted:
        reviewed = words.yes("reviewed") or "/reviewedannotation/" in self.request.url.path
        return Wanted(
            kind=ReviewedAnnotation if reviewed else UserAnnotation,
            projects=[project_id],
            images=words.ids("images") or None,
            users=words.ids("users") or None,
            reviewers=words.ids("reviewUsers") or None if reviewed else None,
            not_reviewed=words.yes("notReviewedOnly") and not reviewed,
            terms=words.ids("terms") or None,
            no_term=words.yes("noTerm"),
            # Cytomine's listings say it in the singular, its reports in the plural.
            multiple_term=words.yes("multipleTerms") or words.yes("multipleTerm"),
            after=words.number("afterThan"),
            before=words.number("beforeThan"),
        )


class ReportWords(FilterWords):
    """Which annotations a table holds, and as what kind of file it comes."""

    format: Literal["csv", "xls", "pdf"]


async def _asked(request: Request, db: Db, store: CurrentStore, user: CurrentUser, find: Find) -> Asked:
    return Asked(request, db, store, user, find)


ReportAsked = Annotated[Asked, Depends(_asked)]


def _zip(store: Store, exporting: Exporting) -> Iterator[bytes]:
    with store.folder.scratch() as scratch:
        yield from zip_training_data(exporting, scratch, lambda _fraction, _words: None)


@routes.get("/api/project/{id:int}/annotation/download")
@routes.get("/api/project/{id:int}/userannotation/download")
@routes.get("/api/project/{id:int}/algoannotation/download")
@routes.get("/api/project/{id:int}/reviewedannotation/download")
@asks(ReportWords)
@opens_to_picture_cookie
@takes_export_seat
def download_report(id: int, asked: ReportAsked) -> Response:
    """Annotations of a project as a table: `format=csv`, `xls` (an XLSX file) or `pdf`, with a picture of each.

    Which: `users`, `terms`, `images`, `noTerm`, `multipleTerms`, `notReviewedOnly`, `afterThan` and `beforeThan`
    (epoch ms); `reviewed=true` what was accepted in review, `reviewUsers` by whom. Several ids are joined by commas; a
    word without a value lets everything pass. X and Y are in Cytomine's frame, unless `origin=left-top`.

    A PDF holds the newest thousand, and pictures of the first 300 of them.
    """
    return asked.report(id, ListingWords(asked.request.query_params))


@routes.post("/api/project/{id:int}/annotation/download")
@only_reads
@takes_export_seat
def ask_for_report(id: int, body: JsonBody, asked: ReportAsked) -> Response:
    """The same with the words in the body, for long lists of ids."""
    return asked.report(id, ListingWords(words_of(asked.request, body)))


@routes.get("/api/project/{id:int}/annotations/export")
@opens_to_picture_cookie
@takes_export_seat
def download_annotations(id: int, asked: ReportAsked) -> Response:
    """Annotations of a project as GeoJSON: a zip with a file for each image, and a manifest. Chosen by the same words.

    Coordinates are in image order, unless `origin=left-bottom`.
    """
    return asked.geojson(id, ListingWords(asked.request.query_params))


class Table:
    """A report, read anew in a transaction of its own while it is written."""

    def __init__(self, store: Store, report: AnnotationReport, address: str, origin: Origin) -> None:
        self._store, self._report, self._address, self._origin = store, report, address, origin

    def rows(self) -> Iterator[tuple[Cell, ...]]:
        crop = f"{self._address}/api/{crop_word(self._report.kind.cytomine_class)}"
        with self._store.reading() as db:
            for line in read_lines(db, self._report):
                yield (
                    line.id, line.area, line.perimeter, line.x, self._y(line), line.image_id, line.image, line.user,
                    "- ".join(line.terms), f"{crop}/{line.id}/crop.png", self._place(line),
                    line.area_unit, line.perimeter_unit, self._origin, as_moment(line.created),
                )  # fmt: skip

    def write_pdf(self, path: Path) -> None:
        report = self._report
        with self._store.reading() as db:
            lines = list(read_lines(db, report, MOST_IN_PDF))
        kind = "Reviewed annotations" if report.kind is ReviewedAnnotation else "Annotations"
        words = [f"{as_moment(now_ms())} UTC. {report.total} annotations. X and Y: {self._origin}, in pixels."]
        if report.total > len(lines):
            words.append(f"These are the newest {len(lines)} of {report.total}: formats csv and xls hold all of them.")
        write_pdf(path, f"{kind} in {report.project_name}", PDF_COLUMNS, self._drawn(lines), words, pictures=True)

    def _drawn(self, lines: Iterable[Line]) -> Iterator[PdfRow | str]:
        pictures, said = Pictures(self._store, self._report, MOST_PICTURES, PICTURES_S), False
        for line in lines:
            if pictures.is_over and not said:
                yield f"No pictures from here on: a report has {MOST_PICTURES} at most, made in {PICTURES_S:.0f} s."
                said = True
            cells = (
                line.id, ", ".join(line.terms), line.user, f"{line.area:,.2f} {line.area_unit}",
                f"{line.perimeter:,.2f} {line.perimeter_unit}", line.x, self._y(line), line.image,
                as_moment(line.created),
            )  # fmt: skip
            yield PdfRow(cells, pictures.of(line), self._place(line))

    def _y(self, line: Line) -> float:
        return line.y if self._origin == LEFT_TOP else line.height - line.y

    def _place(self, line: Line) -> str:
        return f"{self._address}/#/project/{self._report.project_id}/image/{line.image_id}/annotation/{line.id}"
