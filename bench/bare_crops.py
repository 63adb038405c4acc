"""Crops with OpenSlide and Pillow alone, several at once, no server and no rights. Run by bench/crops.py.

bare_crops.py SLIDE SIZE THREADS SECONDS; the places come as JSON on standard input. Prints crops a second and the peak
of its own memory in MB.
"""

import io
import json
import resource
import sys
import threading
import time

import openslide


def crop(slide: openslide.OpenSlide, x: int, y: int, size: int) -> bytes:
    file = io.BytesIO()
    slide.read_region((x, y), 0, (size, size)).convert("RGB").save(file, "JPEG", quality=80)
    return file.getvalue()


def main(path: str, size: int, threads: int, seconds: float) -> None:
    places, slide, counts = json.load(sys.stdin), openslide.OpenSlide(path), [0] * threads
    for x, y in places[:8]:
        crop(slide, x, y, size)
    begun = time.perf_counter()

    def work(number: int) -> None:
        turn = number
        while time.perf_counter() < begun + seconds:
            crop(slide, *places[turn % len(places)], size)
            counts[number] += 1
            turn += threads

    working = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for one in working:
        one.start()
    for one in working:
        one.join()
    took = time.perf_counter() - begun
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    print(json.dumps({"rate": sum(counts) / took, "mb": peak_mb}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
