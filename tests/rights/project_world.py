"""A project with everybody that may come across it, and of everything one that is one's own and one of another's."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from atrisys.actions import history
from atrisys.store.table import now_ms
from atrisys.store.tables import (
    AnnotationTrack,
    ImageInstance,
    Project,
    ProjectMember,
    ReviewedAnnotation,
    SecUser,
    SliceInstance,
)
from atrisys.store.tables.files import READ
from given import Given, slides
from given.annotations import SQUARE
from people import Person
from rights.deeds import Ids

MODES = ("CLASSIC", "RESTRICTED", "READ_ONLY")
MEMBERS = ("guest", "contributor", "other")
ACROSS = "POLYGON ((20 15, 20 25, 50 25, 50 15, 20 15))"


@dataclass(frozen=True)
class ProjectWorld:
    project: Project
    people: dict[str, Person]
    things: dict[str, Ids]
    """By whose they are."""


def open_admin_session(given: Given, person: Person) -> None:
    assert person.caller
    person.caller = replace(person.caller, admin_session=True)
    with given.writing() as db:
        db.execute(update(SecUser).where(SecUser.id == person.id).values(admin_until=now_ms() + 3_600_000))


def make_project_world(given: Given, folder: Path) -> ProjectWorld:
    people = {name: given.person(name) for name in ("alice", "stranger", "contributor", "other", "manager")}
    people["guest"] = given.person("guest", role="ROLE_GUEST")
    people["admin"] = given.person("admin", role="ROLE_ADMIN")
    people["admin without session"] = given.person("closed", role="ROLE_ADMIN")
    open_admin_session(given, people["admin"])
    alice = people["alice"]
    ontology = given.ontology(alice)
    terms = given.term(ontology), given.term(ontology)
    members = [people[name] for name in (*MEMBERS, "manager")]
    for member in members:
        given.storage_member(given.storage_of(alice), member, READ)
    project, second = (given.project(alice, members, ontology if number else None) for number in (1, 0))
    with given.writing() as db:
        its = ProjectMember.project_id == project.id, ProjectMember.user_id == people["manager"].id
        history.edit(db, given.maker, db.scalars(select(ProjectMember).where(*its)).one(), is_manager=True)
    slide = given.slide(alice, project, path=slides.svs(folder / "slide.svs", width=64, height=64))
    canvas = given.image(project, alice)
    group = given.image_group(project, [canvas])
    with given.store.reading() as db:
        pixels = db.get_one(ImageInstance, slide.image_instance_ids[0])
    shared: dict[str, Any] = {
        "project": project.id,
        "ontology": ontology.id,
        "term": terms[0].id,
        "second_term": terms[1].id,
        "elsewhere": given.image(second, alice).base_image_id,
        "slide": pixels.id,
        "canvas": canvas.id,
        "canvas_plane": _plane(given, canvas),
        "canvas_track": given.track(canvas).id,
        "on_slide": given.annotation(pixels, alice, SQUARE).id,
        "across": ACROSS,
        "group": group.id,
        "annotation_group": given.annotation_group(group).id,
        "filter": given.image_filter(project).id,
        "default_layer": given.default_layer(project, alice).id,
        "tag": given.tag(alice).id,
        **{name: people[name].id for name in ("alice", "stranger", "other")},
    }
    world = ProjectWorld(project, people, {})
    for name in (*MEMBERS, "manager", "admin"):
        world.things[name] = {**shared, **_things_of(given, world, canvas, terms[0], people[name], shared)}
    return world


def _things_of(
    given: Given, world: ProjectWorld, canvas: ImageInstance, term: Any, person: Person, shared: Ids
) -> dict[str, Any]:
    alice = world.people["alice"]
    image = given.image(world.project, person, given.abstract_image(alice))
    drawn, tracked = (given.annotation(canvas, person, terms=[term]) for _ in range(2))
    trail = given.track(canvas, person.caller.username if person.caller else "")
    with given.writing() as db:
        home = {"project_id": world.project.id, "layer_id": person.id}
        plane = db.get_one(SliceInstance, shared["canvas_plane"])
        link = AnnotationTrack(annotation_id=tracked.id, track_id=trail.id, slice_id=plane.id, **home)
        history.add(db, given.maker, link)
    commented = given.annotation(canvas, alice)
    return {
        "owner": person.id,
        "image": image.id,
        "base": image.base_image_id,
        "plane": _plane(given, image),
        "track": given.track(image).id,
        "annotation": drawn.id,
        "tracked": tracked.id,
        "trail": trail.id,
        "commented": commented.id,
        "comment": given.comment(commented, person, [alice]).id,
        "said": given.said(commented, person).id,
        "position": given.position(canvas, person).id,
        **_reviewed_by(given, world, person),
    }


def _reviewed_by(given: Given, world: ProjectWorld, person: Person) -> dict[str, int]:
    """An image that somebody has in review, with one annotation to accept and two that were accepted."""
    alice, image = world.people["alice"], given.image(world.project, world.people["alice"])
    to_accept, rejectable = (given.annotation(image, alice) for _ in range(2))
    assert alice.post(f"/api/imageinstance/{image.id}/review.json").status_code == 200
    accepted = alice.post(f"/api/annotation/{rejectable.id}/review.json", json={}).json()["reviewedannotation"]["id"]
    with given.writing() as db:
        history.edit(db, given.maker, db.get_one(ImageInstance, image.id), review_user_id=person.id)
        history.edit(db, given.maker, db.get_one(ReviewedAnnotation, accepted), review_user_id=person.id)
    return {
        "in_review": image.id,
        "to_accept": to_accept.id,
        "rejectable": rejectable.id,
        "accepted": accepted,
    }


def _plane(given: Given, image: ImageInstance) -> int:
    with given.store.reading() as db:
        return db.scalars(select(SliceInstance.id).where(SliceInstance.image_id == image.id)).one()
