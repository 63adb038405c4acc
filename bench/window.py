"""The window of README.md's script, which is the whole of a 40,000 x 30,000 px slide, through the server."""

import statistics

from bench.asking import Lean
from bench.house import House, Peak
from bench.report import Line, Section, spread

TITLE = "The whole slide as one JPEG"
SAID = """`window-40000-30000-0-0.jpg?zoom=0` of a slide of JPEG tiles, as README.md's script asks, read to its end
without being kept."""


def measure(house: House, rounds: int) -> Section:
    sheet = house.new_image("window")
    path = f"/api/imageinstance/{sheet.image}/window-{sheet.width}-{sheet.height}-0-0.jpg?zoom=0"
    seconds, first, above, size = [], [], [], 0
    with house.server() as server:
        idle = server.idle_mb()
        for _ in range(min(3, rounds)):
            client = Lean(house.keys, server.port)
            with Peak(server.process.pid) as peak:
                got = client.get(path)
            client.close()
            if got.status != 200:
                raise RuntimeError(f"The window was answered {got.status}")
            seconds.append(got.s)
            first.append(1e3 * got.first_s)
            above.append(peak.mb - idle)
            size = got.size
    section = Section(TITLE, SAID)
    section.lines.append(Line(f"time ({size / 1e6:.0f} MB)", spread(seconds, "{:.1f}", " s")))
    section.lines.append(Line("until the first bytes come", spread(first, "{:.0f}", " ms")))
    most = statistics.median(above)
    section.lines.append(
        Line("peak memory above idle", spread(above, "{:.0f}", " MB"), goal="< 300 MB", met=most < 300)
    )
    return section
