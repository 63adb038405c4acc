"""The demo project: a slide that was never scanned, with everything on it annotated. Made once, found again later."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from atrisys.access import passwords, sign_in
from atrisys.access.caller import Caller, at_the_command_line, caller_for
from atrisys.access.keys import KeyBox
from atrisys.actions import history
from atrisys.actions.add_project import add_project
from atrisys.actions.add_user import add_user
from atrisys.actions.draw_annotations import draw
from atrisys.actions.drawing import Drawing
from atrisys.actions.import_ontology import OntologySketch, import_ontology
from atrisys.actions.import_slide import take_in
from atrisys.errors import Refusal
from atrisys.imaging.synthetic import KINDS, Plan, plan_slide
from atrisys.store.session import Store
from atrisys.store.tables import ImageInstance, Project, SecUser, Term, UserAnnotation

NAME = "Demo"
USERNAME = "demo"
SLIDE = "demo.svs"
SOURCE = "synthetic"
BATCH = 2_000
ONTOLOGY = OntologySketch.model_validate(
    {
        "name": NAME,
        "terms": [
            {
                "name": "Tissue",
                "color": "#F3B0CB",
                "children": [
                    {"name": "Tumour", "color": "#D81B60"},
                    {"name": "Stroma", "color": "#43A047"},
                    {"name": "Lymphoid aggregate", "color": "#1E88E5"},
                ],
            },
            {
                "name": "Nucleus",
                "color": "#5E35B1",
                "children": [
                    {"name": "Tumour nucleus", "color": "#8E24AA"},
                    {"name": "Lymphocyte", "color": "#3949AB"},
                    {"name": "Fibroblast", "color": "#00897B"},
                ],
            },
        ],
    }
)

Report = Callable[[float, str], object]


@dataclass(frozen=True)
class Demo:
    """What somebody needs to look at it."""

    username: str
    password: str
    public_key: str
    private_key: str
    project_id: int
    image_id: int
    annotations: int


def make_demo(store: Store, box: KeyBox, report: Report, plan: Plan | None = None) -> Demo:
    """Make what is missing of the demo, and a new password for its user.

    Args:
        plan: what is on the slide; the usual one by default.
    """
    report(0.0, "account and project")
    password = passwords.new_password()
    password_hash = passwords.hash_password(password)
    with store.writing() as db:
        user = _user(db, box, password_hash)
        caller = at_the_command_line(caller_for(db, user, "command line", "command line"))
        project = db.scalar(select(Project).where(Project.name == NAME)) or _project(db, caller)
    plan = plan or plan_slide()
    image_id = _image(store, project.id)
    if image_id is None:
        image_id = _bring_slide(store, caller, project.id, plan, report)
    report(0.8, "drawing annotations")
    with store.writing() as db:
        drawn = _annotations(db, caller, image_id, plan, report)
    report(1.0, "ready")
    keys = user.public_key, box.open(user.private_key, user.public_key)
    return Demo(user.username, password, *keys, project.id, image_id, drawn)


def _user(db: Session, box: KeyBox, password_hash: str) -> SecUser:
    """The demo's administrator; the password is new at each start, since it is kept nowhere in clear."""
    user = db.scalar(select(SecUser).where(SecUser.username == USERNAME))
    if user is None:
        return add_user(db, None, box, username=USERNAME, password_hash=password_hash, role="ROLE_ADMIN")
    caller = caller_for(db, user, "command line", "command line")
    history.edit(db, caller, user, password_hash=password_hash)
    sign_in.close_all_sessions(db, user.id)
    return user


def _project(db: Session, caller: Caller) -> Project:
    ontology = import_ontology(db, caller, ONTOLOGY)
    return add_project(db, caller, name=NAME, ontology_id=ontology.id, owner_id=caller.id)


def _image(store: Store, project_id: int) -> int | None:
    with store.reading() as db:
        there = select(ImageInstance.id).where(ImageInstance.project_id == project_id)
        return db.scalar(there.where(ImageInstance.instance_filename == SLIDE).limit(1))


def _bring_slide(store: Store, caller: Caller, project_id: int, plan: Plan, report: Report) -> int:
    from atrisys.imaging.synthetic_slide import write_slide

    with store.folder.scratch() as folder:
        path = Path(folder) / SLIDE
        write_slide(path, plan, lambda done: report(0.05 + 0.65 * done, "painting a slide"))
        (taken,) = take_in(store, caller, path, SLIDE, project_ids=[project_id])
    return taken.image_instance_ids[0]


def _annotations(db: Session, caller: Caller, image_id: int, plan: Plan, report: Report) -> int:
    """All of them in one transaction: they are there, or none is."""
    query = select(UserAnnotation.id).where(UserAnnotation.image_id == image_id)
    if db.scalar(query.limit(1)) is not None:
        return len(db.scalars(query).all())
    image = db.get_one(ImageInstance, image_id)
    ontology = select(Project.ontology_id).where(Project.id == image.project_id)
    rows = db.scalars(select(Term).where(Term.ontology_id == ontology.scalar_subquery()))
    terms = {term.name: term.id for term in rows}
    drawings = _drawings(plan, image_id, terms)
    expected, done = len(plan.nuclei) + len(plan.regions), 0
    while batch := list(islice(drawings, BATCH)):
        for answer in draw(db, caller, batch):
            if isinstance(answer, Refusal):
                raise answer
        done += len(batch)
        report(0.8 + 0.2 * done / expected, "drawing annotations")
    return done


def _drawings(plan: Plan, image_id: int, terms: dict[str, int]) -> Iterator[Drawing]:
    """Nuclei first, then regions from the smallest on: the older lie on top in a mask."""
    named = [(KINDS[kind], shape) for kind, shape in zip(plan.nuclei.kind, plan.nuclei.outlines(), strict=True)]
    named += [(region.name, region.shape) for region in reversed(plan.regions)]
    for name, shape in named:
        term = (terms[name],) if name in terms else ()
        yield Drawing("", image_id=image_id, terms=term, left_top=True, source=SOURCE, shape=shape)
