"""`python -m bench`: every part, or those named; figures on the screen and in bench/RESULTS.md."""

import argparse
import sys
import time
from pathlib import Path

from bench import (
    creating,
    crops,
    decoded_tiles,
    grid,
    importing,
    listing,
    listing_page,
    masks_part,
    opening,
    panning,
    report,
    starting,
    tiles,
    viewport,
    window,
)
from bench.house import new_house

PARTS = {
    "starting": starting.measure,
    "listing": listing.measure,
    "listing_page": listing_page.measure,
    "creating": creating.measure,
    "viewport": viewport.measure,
    "grid": grid.measure,
    "masks": masks_part.measure,
    "window": window.measure,
    "tiles": tiles.measure,
    "decoded_tiles": decoded_tiles.measure,
    "crops": crops.measure,
    "importing": importing.measure,
    "panning": panning.measure,
    "opening": opening.measure,
}


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    asked.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all by default")
    asked.add_argument("--rounds", type=int, default=5, help="how often each thing is measured (default 5)")
    asked.add_argument("--workers", type=int, default=1, help="of the server, where a part does not say it (default 1)")
    asked.add_argument("--scratch", type=Path, help="folder for 6 GB of scratch files (default: the system's)")
    asked.add_argument("--dry", action="store_true", help="do not touch RESULTS.md")
    options = asked.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        asked.error(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    missed = 0
    for name in options.parts or PARTS:
        begun = time.perf_counter()
        with new_house(options.scratch, options.workers) as house:
            section = PARTS[name](house, options.rounds)
        if options.workers > 1:
            section.title += f", {options.workers} workers"
        print(f"\n{section.text()}\n({name}: {time.perf_counter() - begun:.0f} s)", flush=True)
        missed += sum(line.met is False for line in section.lines)
        if not options.dry:
            report.write([section])
    print(f"\n{missed} goals missed." if missed else "\nAll goals met.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
