"""The demo is made once, found again, and put right where it was begun and not ended."""

import json

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import func, select

from atrisys.access.caller import at_the_command_line, caller_for
from atrisys.access.passwords import is_right
from atrisys.actions import make_demo as making
from atrisys.actions.export_training_data import Wanted, export_training_data
from atrisys.actions.make_demo import make_demo
from atrisys.imaging.synthetic import plan_slide
from atrisys.store.tables import ImageInstance, Project, RelationTerm, SecUser, Term, UserAnnotation
from exports.script_drawing import draw_as_the_script_does


@pytest.fixture(scope="module")
def plan():
    return plan_slide(1500, 1200)


def quiet(_fraction, _words):
    pass


@pytest.fixture
def demo(app, store, plan):
    return make_demo(store, app.state.key_box, quiet, plan)


def count(db, kind):
    return db.scalar(select(func.count(kind.id)))


def test_it_has_a_slide_with_all_that_is_on_it(demo, db, plan):
    assert demo.annotations == len(plan.nuclei) + len(plan.regions)
    image = db.get_one(ImageInstance, demo.image_id)
    assert (image.project_id, image.instance_filename) == (demo.project_id, "demo.svs")
    rows = select(func.count(UserAnnotation.id)).where(UserAnnotation.image_id == image.id)
    assert db.scalar(rows.where(UserAnnotation.source == "synthetic")) == demo.annotations


def test_its_terms_are_a_tree(demo, db):
    ontology = db.get_one(Project, demo.project_id).ontology_id
    names = {term.id: term.name for term in db.scalars(select(Term).where(Term.ontology_id == ontology))}
    links = db.scalars(select(RelationTerm).where(RelationTerm.ontology_id == ontology))
    tree = {(names[link.term1_id], names[link.term2_id]) for link in links}
    assert ("Tissue", "Tumour") in tree
    assert ("Nucleus", "Lymphocyte") in tree


def test_a_second_start_finds_everything_and_gives_a_new_password(demo, app, store, plan, db):
    before = [count(db, kind) for kind in (SecUser, Project, Term, ImageInstance, UserAnnotation)]
    again = make_demo(store, app.state.key_box, quiet, plan)
    assert [count(db, kind) for kind in (SecUser, Project, Term, ImageInstance, UserAnnotation)] == before
    assert (again.private_key, again.image_id, again.annotations) == (
        demo.private_key,
        demo.image_id,
        demo.annotations,
    )
    assert again.password != demo.password
    db.expire_all()
    user = db.scalars(select(SecUser).where(SecUser.username == "demo")).one()
    assert is_right(user.password_hash, again.password)
    assert not is_right(user.password_hash, demo.password)


def test_what_was_interrupted_is_put_right(app, store, plan, db, monkeypatch):
    def fails(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(making, "_annotations", fails)
    with pytest.raises(KeyboardInterrupt):
        make_demo(store, app.state.key_box, quiet, plan)
    assert count(db, UserAnnotation) == 0
    monkeypatch.undo()
    make_demo(store, app.state.key_box, quiet, plan)
    assert count(db, UserAnnotation) == len(plan.nuclei) + len(plan.regions)
    assert count(db, ImageInstance) == 1


def test_its_mask_is_what_the_seed_draws(demo, store, db, plan, tmp_path):
    user = db.scalars(select(SecUser).where(SecUser.username == "demo")).one()
    caller = at_the_command_line(caller_for(db, user, "command line", "command line"))
    manifest = export_training_data(store, caller, demo.project_id, tmp_path, Wanted())
    with Image.open(tmp_path / f"{demo.image_id}_mask.png") as picture:
        mask = np.asarray(picture)
    numbers = manifest["classMap"]
    file = json.loads((tmp_path / f"{demo.image_id}.geojson").read_text(encoding="utf-8"))
    assert len(file["features"]) == demo.annotations
    nuclei = zip(plan.nuclei.kind, plan.nuclei.outlines(), strict=True)
    oldest_first = [(making.KINDS[kind], shape) for kind, shape in nuclei]
    oldest_first += [(region.name, region.shape) for region in reversed(plan.regions)]
    drawn = draw_as_the_script_does(
        [(shape, numbers[name]) for name, shape in reversed(oldest_first)], plan.width, plan.height
    )
    assert np.array_equal(mask, drawn)
    # The piece of tissue itself is covered by what it consists of.
    assert set(np.unique(mask)) == {0, *numbers.values()} - {numbers["Tissue"], numbers["Nucleus"]}
