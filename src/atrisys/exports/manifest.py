"""manifest.json: what the files of an export are, so that a training script needs to guess nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import islice
from typing import Any

import orjson
import shapely

from atrisys import __version__
from atrisys.exports.class_map import ClassMap
from atrisys.exports.files import Target, open_whole
from atrisys.exports.records import UNLABELED, UNNUMBERED, ImageRecord, Problem
from atrisys.geometry.frames import LEFT_TOP, Origin

FORMAT_VERSION = 1
_MOST_NAMES = 20


@dataclass
class ImageEntry:
    """What was exported of one image."""

    image: ImageRecord
    annotations: int = 0
    """How many there were, the refused ones counted."""
    classes: Mapping[str, int] = field(default_factory=dict)
    """How many of each class, by name."""
    files: dict[str, str] = field(default_factory=dict)
    """Names of the files by kind: geojson, mask, picture."""
    origins: dict[str, Origin] = field(default_factory=dict)
    """Where the origin of each file is, by kind."""
    problems: list[tuple[str, Problem]] = field(default_factory=list)
    """What was left out, and of which kind of file."""

    def said(self) -> dict[str, Any]:
        """The entry as it stands in the manifest.

        Returns:
            JSON values; sizes in level-0 pixels, mpp in µm per pixel.
        """
        image = self.image
        return {
            "id": image.id,
            "name": image.name,
            "width": image.width,
            "height": image.height,
            "mppX": image.mpp_x,
            "mppY": image.mpp_y,
            "magnification": image.magnification,
            "case": image.case,
            "annotations": self.annotations,
            "classes": dict(self.classes),
            "files": self.files,
            "origins": self.origins,
            "problems": [
                {"annotation": problem.annotation_id, "file": kind, "reason": problem.reason}
                for kind, problem in self.problems
            ],
        }


def build_manifest(
    project: tuple[int, str],
    classes: ClassMap,
    terms: Sequence[str],
    origin: Origin,
    images: Sequence[ImageEntry] = (),
) -> dict[str, Any]:
    """Say what an export is.

    Args:
        project: its id and name.
        classes: numbers of the terms.
        terms: names of the project's terms; what of them has no number, and what of the map no term, is noted.
        origin: of the GeoJSON files; masks and pictures always have their first row at the top.
        images: one entry for each image.

    Returns:
        JSON values: format and versions, coordinate frames, classes, notes, images.
    """
    return {
        "format": "ATrISys training data",
        "formatVersion": FORMAT_VERSION,
        "atrisys": __version__,
        # Masks are the same to the pixel only under the same Pillow: its rule for corners has changed before.
        "versions": {"pillow": version("pillow"), "shapely": shapely.__version__, "geos": shapely.geos_version_string},
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "project": {"id": project[0], "name": project[1]},
        "coordinates": {
            "geojson": {"origin": origin, "unit": "level-0 pixels", "y": "down" if origin == LEFT_TOP else "up"},
            "masks": {"origin": LEFT_TOP, "background": 0, "order": "newest annotation first, older ones on top"},
            "pictures": {"origin": LEFT_TOP},
        },
        "classMap": dict(classes.numbers),
        "unlabeled": {"name": UNLABELED, "number": classes.of(())[0]},
        "notes": _notes(classes, terms),
        "images": [entry.said() for entry in images],
    }


def write_manifest(target: Target, manifest: Mapping[str, Any]) -> None:
    """Write a manifest as indented JSON.

    Args:
        target: a path, which then holds the whole file or what it held before; or a file open for writing.
        manifest: as `build_manifest` gives it.
    """
    with open_whole(target) as file:
        file.write(orjson.dumps(manifest, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def _notes(classes: ClassMap, terms: Sequence[str]) -> list[str]:
    unnumbered, unused = classes.unnumbered(terms), classes.unused(terms)
    notes = []
    if unnumbered:
        notes.append(f"Terms without a number, drawn as {UNNUMBERED}: {_listed(unnumbered)}.")
    if unused:
        notes.append(f"Names of the class map that no term of the project has: {_listed(unused)}.")
    return notes


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(islice(names, _MOST_NAMES)) + (f" and {more} more" if more > 0 else "")
