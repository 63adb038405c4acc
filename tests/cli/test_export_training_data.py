import json

import click
import numpy as np
import shapely
from PIL import Image
from shapely.geometry import mapping

from atrisys.actions.export_training_data import KINDS
from atrisys.cli.export_training_data import export
from given import slides


def drawn_on(installation, tmp_path, image, *shapes):
    """Shapes with their terms, put onto an image by the command itself."""
    features = [
        {"type": "Feature", "properties": {"terms": [term] if term else []}, "geometry": mapping(shape)}
        for shape, term in shapes
    ]
    file = tmp_path / f"{image}-drawn.geojson"
    content = {"type": "FeatureCollection", "origin": "left-top", "features": features}
    file.write_text(json.dumps(content), encoding="utf-8")
    return installation.json("annotations", "import", file, "--image", image)


def a_slide(installation, tmp_path, project, name="a.svs"):
    slides.svs(tmp_path / name, width=700, height=500)
    return installation.json("import", tmp_path / name, "--project", project)["imageInstance"]


def test_a_folder_that_cannot_be_made_is_refused_in_words(installation, tmp_path):
    (tmp_path / "file").write_text("no folder")
    done = installation.run("export", installation.project(), tmp_path / "file" / "out", status=1)
    assert "cannot be written to: Not a directory" in done.stderr


def test_without_a_choice_masks_and_geojson_are_written(installation, tmp_path):
    project = installation.project("Skin", "Tumour", "Stroma")
    image = a_slide(installation, tmp_path, project)
    drawn_on(installation, tmp_path, image, (shapely.box(10, 20, 60, 90), "Stroma"), (shapely.box(0, 0, 5, 5), ""))
    said = installation.json("export", project, tmp_path / "out")
    assert said == {
        "project": project,
        "folder": str(tmp_path / "out"),
        "images": 1,
        "annotations": 2,
        "problems": 0,
    }
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {f"{image}.geojson", f"{image}_mask.png", "manifest.json"}
    with Image.open(tmp_path / "out" / f"{image}_mask.png") as mask:
        pixels = np.asarray(mask)
    assert pixels.shape == (500, 700)
    assert (pixels[50, 30], pixels[2, 2], pixels[300, 300]) == (2, 255, 0)


def test_the_choices_are_kept_to(installation, tmp_path):
    project = installation.project("Skin", "Tumour")
    one, two = (a_slide(installation, tmp_path, project, name) for name in ("a.svs", "b.svs"))
    drawn_on(installation, tmp_path, one, (shapely.box(10, 20, 60, 90), "Tumour"))
    (tmp_path / "classes.json").write_text('{"Tumour": 77}')
    words = ["--pictures", "--masks", "--image", one, "--class-map", tmp_path / "classes.json"]
    installation.run("export", project, tmp_path / "out", *words)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {f"{one}.jpg", f"{one}_mask.png", "manifest.json"}
    with Image.open(tmp_path / "out" / f"{one}_mask.png") as mask:
        assert set(np.unique(np.asarray(mask))) == {0, 77}
    assert str(two) not in " ".join(path.name for path in (tmp_path / "out").iterdir())


def test_an_export_comes_back_by_the_import(installation, tmp_path):
    project = installation.project("Skin", "Tumour", "Stroma")
    one, two = (a_slide(installation, tmp_path, project, name) for name in ("a.svs", "b.svs"))
    ring = shapely.box(100, 100, 300, 300) - shapely.box(150.5, 150.25, 200, 200)
    drawn_on(installation, tmp_path, one, (ring, "Tumour"), (shapely.box(250, 250, 400, 400), "Stroma"))
    installation.run("export", project, tmp_path / "out", "--origin", "left-bottom")
    said = installation.json("annotations", "import", tmp_path / "out" / f"{one}.geojson", "--image", two)
    assert (said["added"], said["problems"]) == (2, [])
    installation.run("export", project, tmp_path / "again")
    masks = [np.asarray(Image.open(tmp_path / "again" / f"{image}_mask.png")) for image in (one, two)]
    assert masks[0].any()
    assert np.array_equal(*masks)


def test_every_kind_of_file_has_its_option():
    assert {one.name for one in export.params if isinstance(one, click.Option) and one.is_flag} == set(KINDS)


def test_problems_make_the_status_1_but_end_nothing(installation, tmp_path):
    project = installation.project("Skin")
    image = a_slide(installation, tmp_path, project)
    for path in (installation.data / "files").rglob("*"):
        if path.is_file():
            path.unlink()
    done = installation.run("export", project, tmp_path / "out", "--pictures", "--masks", status=1)
    assert json.loads(done.stdout)["problems"] == 1
    assert (tmp_path / "out" / f"{image}_mask.png").exists()
    assert "manifest.json" in done.stderr


def test_an_unknown_project_is_refused(installation, tmp_path):
    installation.project()
    assert "999" in installation.run("export", 999, tmp_path / "out", status=1).stderr
    assert not (tmp_path / "out").exists()
