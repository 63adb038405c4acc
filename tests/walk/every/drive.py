"""Runs every method of every class of the official client 4.3.0, and reports what was seen of its effect.

drive.py WORLD, as JSON: host, keys of the cast by name, path of a slide.
"""

import json
import os
import sys
import traceback

import activity
import annotations
import ledger
import lists
import offline
import pictures
import refused
import saving
import world

import people

THEMES = [people, saving, annotations, lists, activity, pictures, refused]


def main(themes):
    ledger.watch()
    offline.drive()
    here = world.begin(json.loads(sys.argv[1]))
    for theme in themes:
        here.become("alice")
        try:
            theme.drive(here)
        except Exception:
            # The other themes are run all the same.
            ledger.see(theme.__name__, traceback.format_exc(), None)
    with open(os.environ["REPORT"], "w") as out:
        json.dump({"known": ledger.known(), "called": sorted(ledger.called), "seen": ledger.seen}, out)


if __name__ == "__main__":
    main(THEMES)
