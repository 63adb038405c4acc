"""The walk: a real server, the cast, a project with real slides, and annotations drawn by an official client."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import numpy as np
import openslide
import pytest
import shapely
from numpy.typing import NDArray

from walk.plain_slide import write_plain_slide
from walk.running import CHECKOUT, Running, new_server, run_client
from walk.world import ONTOLOGY, Drawn, Scene, Walk, shapes_for, turn_over

REAL_SLIDES = CHECKOUT.parent / "shared" / "slides"


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[int], Running]]:
    """A server for each number of workers, started once."""
    with ExitStack() as stack:
        yield cache(lambda workers: stack.enter_context(new_server(tmp_path_factory.mktemp("walk"), workers)))


ONE, TWO = pytest.param(1, id="one worker"), pytest.param(2, id="two workers")


# On PostgreSQL the harder of the two will do.
@pytest.fixture(scope="module", params=[TWO] if os.environ.get("ATRISYS_TEST_DATABASE_URL") else [ONE, TWO])
def running(request: pytest.FixtureRequest, servers: Callable[[int], Running]) -> Running:
    """Everything that follows is asked of it from outside. Files share it: each makes projects of its own."""
    return servers(request.param)


@pytest.fixture(scope="session")
def slide_paths(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The real slides beside the checkout: an Aperio file and a DICOM folder; else one made on the spot."""
    real = [REAL_SLIDES / "cmu-1-small-region.svs", REAL_SLIDES / "cmu-1-small-region-dicom"]
    if all(path.exists() for path in real):
        return real
    return [write_plain_slide(tmp_path_factory.mktemp("slides") / "plain.tif")]


@pytest.fixture(scope="session")
def worlds(slide_paths: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Callable[[Running], Walk]:
    """The world of each server, made once."""
    return cache(lambda running: make_walk(running, slide_paths, tmp_path_factory.mktemp("ontology")))


@pytest.fixture(scope="module")
def walk(running: Running, worlds: Callable[[Running], Walk]) -> Walk:
    return worlds(running)


def make_walk(running: Running, slide_paths: list[Path], folder: Path) -> Walk:
    """Everything made with the command line, beside the running server."""
    cast = {"ada": running.add_user("ada", "admin")}
    cast |= {name: running.add_user(name) for name in ("alice", "bob", "charlie")}
    ontology = folder / "skin.json"
    ontology.write_text(json.dumps(ONTOLOGY), encoding="utf-8")
    running.add_project("An older project", ["alice:manager"])
    project = running.add_project("Breast Cancer Project", ["alice:manager", "bob:contributor"], ontology)
    # The DICOM volume holds the Aperio file's frames byte for byte: one reading is the measure for both.
    pixels = read_with_openslide(slide_paths[0])
    scenes = []
    for path in slide_paths:
        (line,) = running.import_slides([path], project)
        assert "error" not in line, line
        scenes.append(Scene(line["imageInstance"], path, pixels))
    return Walk(running, cast, project, scenes)


def read_with_openslide(path: Path) -> NDArray[np.uint8]:
    with openslide.OpenSlide(path) as slide:
        return np.asarray(slide.read_region((0, 0), 0, slide.dimensions).convert("RGB"))


@pytest.fixture(scope="module")
def drawn(walk: Walk, tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    """Shapes drawn with the official client 4.3.0 in Cytomine's frame: the visible structure, and awkward ones."""
    terms = walk.terms
    drawings, shapes = [], {}
    for scene in walk.scenes:
        shapes[scene.id] = [shape for shape, _ in shapes_for(scene)]
        for shape, term in shapes_for(scene):
            location = shapely.to_wkt(turn_over(shape, scene.height), rounding_precision=-1)
            chosen = [terms[term]] if term else []
            drawings.append({"image": scene.id, "project": walk.project, "location": location, "terms": chosen})
    folder = tmp_path_factory.mktemp("drawings")
    (folder / "drawings.json").write_text(json.dumps(drawings), encoding="utf-8")
    keys = [walk.alice.public_key, walk.alice.private_key]
    words = [walk.running.address, *keys, "drawings.json"]
    return Drawn(shapes, run_client("4.3.0", "draw_script.py", words, folder))
