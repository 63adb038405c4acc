"""The manifest says all that a training script would otherwise guess."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import PIL
import pytest

from atrisys import __version__
from atrisys.exports.class_map import ClassMap
from atrisys.exports.manifest import ImageEntry, build_manifest, write_manifest
from atrisys.exports.records import ImageRecord, Problem

IMAGE = ImageRecord(12, "slide.svs", 1000, 800, 0.25, 0.26, 40.0, "case 7")


def test_it_names_classes_sizes_frames_versions_and_files(tmp_path: Path):
    entry = ImageEntry(IMAGE, 3, {"tumour": 2, "Unlabeled": 1}, {"mask": "12_mask.png"}, {"mask": "left-top"})
    entry.problems.append(("mask", Problem(77, "The shape cannot be read.")))
    path = tmp_path / "manifest.json"
    write_manifest(path, build_manifest((5, "Breast"), ClassMap({"tumour": 1}), ["tumour"], "left-bottom", [entry]))
    read = json.loads(path.read_text(encoding="utf-8"))
    assert abs(datetime.fromisoformat(read.pop("created")) - datetime.now(UTC)) < timedelta(minutes=1)
    assert read.pop("versions")["pillow"] == PIL.__version__
    assert read == {
        "format": "ATrISys training data",
        "formatVersion": 1,
        "atrisys": __version__,
        "project": {"id": 5, "name": "Breast"},
        "coordinates": {
            "geojson": {"origin": "left-bottom", "unit": "level-0 pixels", "y": "up"},
            "masks": {"origin": "left-top", "background": 0, "order": "newest annotation first, older ones on top"},
            "pictures": {"origin": "left-top"},
        },
        "classMap": {"tumour": 1},
        "unlabeled": {"name": "Unlabeled", "number": 255},
        "notes": [],
        "images": [
            {
                "id": 12,
                "name": "slide.svs",
                "width": 1000,
                "height": 800,
                "mppX": 0.25,
                "mppY": 0.26,
                "magnification": 40.0,
                "case": "case 7",
                "annotations": 3,
                "classes": {"tumour": 2, "Unlabeled": 1},
                "files": {"mask": "12_mask.png"},
                "origins": {"mask": "left-top"},
                "problems": [{"annotation": 77, "file": "mask", "reason": "The shape cannot be read."}],
            }
        ],
    }


@pytest.mark.parametrize(("origin", "y"), [("left-top", "down"), ("left-bottom", "up")])
def test_the_frame_of_the_shapes_is_said_in_words(origin, y):
    manifest = build_manifest((5, "Breast"), ClassMap({}), [], origin)
    assert (manifest["coordinates"]["geojson"]["origin"], manifest["coordinates"]["geojson"]["y"]) == (origin, y)


def test_what_does_not_match_between_map_and_terms_is_noted():
    terms = ["tumour", *(f"t{i}" for i in range(30))]
    notes = build_manifest((5, "Breast"), ClassMap({"tumor": 1, "tumour": 2}), terms, "left-top")["notes"]
    assert notes[0].startswith("Terms without a number, drawn as 255: t0, t1")
    assert notes[0].endswith("t19 and 10 more.")
    assert notes[1] == "Names of the class map that no term of the project has: tumor."
