"""Label masks of a whole slide: the usual script (one Pillow picture) and ours, in turns, in processes of their own.

    python bench/masks.py                    40,000 x 30,000 px with 100,000 polygons, three rounds
    python bench/masks.py --huge             100,000 x 100,000 px as well (ours alone: the other way takes 10 GB)
    python bench/masks.py --check            that both ways give the same pixels

The polygons are the same in all: 200 regions with three holes each, the rest nuclei of 30 points. Memory is the peak
above what the process held once it had the polygons.
"""

import argparse
import ctypes
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import shapely
from PIL import Image, ImageDraw

from atrisys.exports.masks import write_mask_png, write_mask_tiff
from atrisys.exports.records import AnnotationRecord

Scene = tuple[np.ndarray, list[int]]
USUAL, PNG, TIFF = "usual script: Pillow whole, PNG", "ours: PNG", "ours: pyramidal TIFF"


def make_scene(count: int, width: int, height: int) -> Scene:
    """Polygons in drawing order, the big ones first, and a class from 1 to 8 for each."""
    random = np.random.default_rng(20)
    regions = [region(random, width, height) for _ in range(min(200, count))]
    shapes = np.concatenate([np.array(regions, object), nuclei(random, count - len(regions), width, height)])
    return shapes, random.integers(1, 9, count).tolist()


def region(random: np.random.Generator, width: int, height: int) -> shapely.Polygon:
    angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    radius = random.uniform(0.04, 0.11) * min(width, height)
    middle = random.uniform(radius, [width - radius, height - radius])
    waves = radius * (0.85 + 0.12 * np.sin(angle * random.integers(2, 6) + random.uniform(0, 6)))
    outer = middle + ring(angle, waves + radius * random.normal(0, 0.01, 200))
    holes = [
        middle + 0.4 * radius * np.array([np.cos(at), np.sin(at)]) + ring(angle[::4], 0.15 * radius)
        for at in (0.4, 2.5, 4.6)
    ]
    return shapely.Polygon(np.round(outer, 2), [np.round(hole, 2) for hole in holes])


def ring(angle: np.ndarray, radius: np.ndarray | float) -> np.ndarray:
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def nuclei(random: np.random.Generator, count: int, width: int, height: int) -> np.ndarray:
    angle = np.linspace(0, 2 * np.pi, 30, endpoint=False)
    middle = random.uniform(22, [width - 22, height - 22], (count, 2))
    radius = random.uniform(8, 22, (count, 1)) * (1 + 0.05 * random.normal(size=(count, 30)))
    x, y = radius * np.cos(angle), radius * np.sin(angle) * random.uniform(0.6, 1, (count, 1))
    points = np.round(middle[:, None] + np.stack([x, y], axis=2), 2)
    return shapely.polygons(np.concatenate([points, points[:, :1]], axis=1))


def draw_as_the_script(scene: Scene, width: int, height: int) -> Image.Image:
    """The script's loops; coordinates as lists at once, which is kinder to it than its own comprehension."""
    picture = Image.new("L", (width, height), 0)
    drawer = ImageDraw.Draw(picture, "L")
    for shape, class_id in zip(*scene, strict=True):
        drawer.polygon(list(shape.exterior.coords), fill=class_id)
        for hole in shape.interiors:
            drawer.polygon(list(hole.coords), fill=0)
    return picture


def records(scene: Scene) -> Iterator[AnnotationRecord]:
    for number, (shape, class_id) in enumerate(zip(*scene, strict=True), 1):
        yield AnnotationRecord(number, 1, shape, class_id)


def make_mask(case: str, scene: Scene, width: int, height: int, folder: Path) -> Path:
    if case == USUAL:
        path = folder / "usual.png"
        draw_as_the_script(scene, width, height).save(path)
        return path
    path = folder / ("ours.png" if case == PNG else "ours.tif")
    write = write_mask_png if case == PNG else write_mask_tiff
    write(path, records(scene), width, height, [])
    return path


def peak_mb() -> float:
    """Highest resident memory since the process began or `forget_peak` was called."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def forget_peak() -> None:
    # What making the polygons freed would otherwise be used again unseen.
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")


def measure_one(case: str, width: int, height: int, count: int, folder: Path) -> dict[str, float]:
    scene = make_scene(count, width, height)
    forget_peak()
    before, start, cpu = peak_mb(), time.perf_counter(), time.process_time()
    path = make_mask(case, scene, width, height, folder)
    taken, cpu = time.perf_counter() - start, time.process_time() - cpu
    return {"s": taken, "cpu_s": cpu, "mb": peak_mb() - before, "file_mb": path.stat().st_size / 1e6}


def in_a_process(case: str, width: int, height: int, count: int) -> dict[str, float]:
    size = [str(number) for number in (width, height, count)]
    done = subprocess.run([sys.executable, __file__, "--one", case, *size], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def measure(width: int, height: int, count: int, rounds: int, cases: tuple[str, ...]) -> dict[str, dict[str, float]]:
    """Medians of each way, the ways taking turns; prints them as it goes."""
    print(f"\n{width} x {height} px, {count} polygons, {rounds} rounds, {os.cpu_count()} cores", flush=True)
    taken: dict[str, list[dict[str, float]]] = {case: [] for case in cases}
    for _ in range(rounds):
        for case in cases:
            taken[case].append(in_a_process(case, width, height, count))
    result = {}
    for case, runs in taken.items():
        result[case] = said = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
        if USUAL in result:
            said["ratio"] = result[USUAL]["s"] / said["s"]
        seconds = [run["s"] for run in runs]
        print(
            f"  {case:26s}{said['s']:7.2f} s [{min(seconds):.2f}-{max(seconds):.2f}]  {said['cpu_s']:.2f} s of CPU  "
            f"{said['mb']:.0f} MB  file {said['file_mb']:.1f} MB"
            + (f"  {said['ratio']:.1f} x" if "ratio" in said else "")
        )
    return result


def check(width: int, height: int, count: int) -> int:
    """How many pixels differ between the two ways."""
    import tifffile

    scene = make_scene(count, width, height)
    whole = np.asarray(draw_as_the_script(scene, width, height))
    with tempfile.TemporaryDirectory() as folder:
        png = np.asarray(Image.open(make_mask(PNG, scene, width, height, Path(folder))))
        tiff = tifffile.imread(make_mask(TIFF, scene, width, height, Path(folder)), key=0)
        differing = int((png != whole).sum()) + int((tiff != whole).sum())
    print(f"{width} x {height} px, {count} polygons: {differing} pixels differ")
    return differing


def main() -> int:
    Image.MAX_IMAGE_PIXELS = None
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--size", default="40000x30000")
    asked.add_argument("--polygons", type=int, default=100_000)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--huge", action="store_true", help="100,000 x 100,000 px as well")
    asked.add_argument("--check", action="store_true", help="compare pixels instead of times")
    asked.add_argument("--one", nargs=4, metavar=("WAY", "WIDTH", "HEIGHT", "POLYGONS"), help=argparse.SUPPRESS)
    options = asked.parse_args()
    if options.one:
        case, *size = options.one
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(measure_one(case, *map(int, size), Path(folder))))
        return 0
    width, height = map(int, options.size.split("x"))
    if options.check:
        return 1 if check(width, height, options.polygons) else 0
    measure(width, height, options.polygons, options.rounds, (USUAL, PNG, TIFF))
    if options.huge:
        measure(100_000, 100_000, options.polygons, 1, (PNG, TIFF))
    return 0


if __name__ == "__main__":
    sys.exit(main())
