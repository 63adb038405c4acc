"""A page of a long list: what clients and the web page ask for all day."""

import statistics

import orjson

from bench.asking import Lean
from bench.house import House, Peak, Sheet, resident_mb
from bench.listing import fill
from bench.report import Line, Section, spread
from bench.shapes import API, scene

TITLE = "A page of a long list"
IMAGES, COUNT, ARRAY = 1_000, 1_000_000, 200
GOALS_MS = {50: 50.0, 1: 20.0}
"""By the length of the page."""
EACH = 10
MORE, FLAT_MB = 1_000, 10.0
SAID = f"""`GET /api/project/…/imageinstance.json` of a project of {IMAGES:,} images and `GET {API}?image=…&showWKT=true
&showTerm=true` of a slide of {COUNT:,} annotations, signed, by one client on a kept connection; the clock runs until
the last byte is read."""
FILTERED = "width[gte]=20000&numberOfAnnotations[lte]=5&name[ilike]=slide"


def measure(house: House, rounds: int) -> Section:
    sheet = house.new_image("pages")
    fill(house, sheet, scene(COUNT, sheet.width, sheet.height), 2_000)
    section = Section(TITLE, SAID, head=("what", "ATrISys", "goal", ""))
    with house.server() as server:
        client = Lean(house.keys, server.port)
        add_images(client, sheet)
        images = f"/api/project/{sheet.project}/imageinstance.json?x=0"
        lists = (
            ("images", images, IMAGES),
            ("images, filtered", f"{images}&{FILTERED}", IMAGES - 1),
            ("images by name", f"{images}&sort=instanceFilename", IMAGES),
            ("images by annotations", f"{images}&sort=numberOfAnnotations&order=desc", IMAGES),
            ("annotations", f"{API}?image={sheet.image}&showWKT=true&showTerm=true", COUNT),
        )
        for name, path, total in lists:
            section.lines += [one_page(client, name, path, total, length, EACH * rounds) for length in GOALS_MS]
        section.lines.append(growth(server.process.pid, client, [path for _, path, _ in lists]))
    return section


def growth(pid: int, client: Lean, paths: list[str]) -> Line:
    """What the server's memory comes to while it goes on giving pages."""
    before = resident_mb(pid)
    with Peak(pid) as peak:
        for number in range(MORE):
            client.get(f"{paths[number % len(paths)]}&max=50&offset={number}")
    above = peak.mb - before
    return Line(f"memory above that in {MORE:,} more pages", f"{above:.1f} MB", goal="< 10 MB", met=above < FLAT_MB)


def add_images(client: Lean, sheet: Sheet) -> None:
    """The slide is there; the others are records without pixels, in the caller's own keeping."""
    for start in range(1, IMAGES, ARRAY):
        names = [f"slide {number:04}.svs" for number in range(start, min(start + ARRAY, IMAGES))]
        post(client, "abstractimage", [{"originalFilename": name, "width": 30_000, "height": 20_000} for name in names])
    others = orjson.loads(client.get_whole("/api/abstractimage.json?originalFilename[ilike]=.svs"))["collection"]
    for start in range(0, len(others), ARRAY):
        part = others[start : start + ARRAY]
        post(client, "imageinstance", [{"baseImage": row["id"], "project": sheet.project} for row in part])


def post(client: Lean, kind: str, rows: list[dict[str, object]]) -> None:
    if (status := client.post(f"/api/{kind}.json", orjson.dumps(rows))) != 200:
        raise RuntimeError(f"Adding {kind} was answered {status}")


def one_page(client: Lean, name: str, path: str, total: int, length: int, times: int) -> Line:
    """The first page; each time but the first, which loads what the server needs, is counted."""
    answer = orjson.loads(client.get_whole(f"{path}&max={length}"))
    if (len(answer["collection"]), answer["size"]) != (length, total):
        raise RuntimeError(f"{path} gave {len(answer['collection'])} rows of {answer['size']}")
    taken = [1e3 * client.get(f"{path}&max={length}").s for _ in range(times)]
    goal = GOALS_MS[length]
    met = statistics.median(taken) < goal
    return Line(f"{name}, max={length}", spread(taken, "{:.1f}", " ms"), goal=f"< {goal:.0f} ms", met=met)
