"""Label masks beside the usual script's way: the figures of bench/masks.py, as a part of the run."""

from bench import masks
from bench.house import House
from bench.report import Line, Section

TITLE = "Masks"
SAID = """100,000 polygons (200 regions with three holes, the rest nuclei of 30 points) drawn as a label mask; each
way in a process of its own, taking turns. "Bare" is the usual script's way: one Pillow picture held whole, saved as
PNG. Memory is above the polygons."""
SIZE, HUGE, COUNT = (40_000, 30_000), (100_000, 100_000), 100_000


def measure(_house: House, rounds: int) -> Section:
    section = Section(TITLE, SAID)
    both = masks.measure(*SIZE, COUNT, min(3, rounds), (masks.USUAL, masks.PNG, masks.TIFF))
    bare = both[masks.USUAL]
    for case in (masks.PNG, masks.TIFF):
        ours = both[case]
        times = bare["s"] / ours["s"]
        section.lines.append(
            Line(
                f"40,000 x 30,000, {case[6:]}", text(ours), text(bare), f"{times:.1f} times faster", "3.5", times >= 3.5
            )
        )
        section.lines.append(
            Line(
                f"its memory, {case[6:]}",
                f"{ours['mb']:.0f} MB",
                f"{bare['mb']:.0f} MB",
                "",
                "200 MB",
                ours["mb"] <= 200,
            )
        )
    for case, ours in masks.measure(*HUGE, COUNT, 1, (masks.PNG, masks.TIFF)).items():
        section.lines.append(Line(f"100,000 x 100,000, {case[6:]}", text(ours), goal="< 60 s", met=ours["s"] < 60))
    return section


def text(figures: dict[str, float]) -> str:
    return f"{figures['s']:.1f} s (CPU {figures.get('cpu_s', 0):.1f} s)"
