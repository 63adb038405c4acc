"""Somebody's world: one object of every kind that an address can name, and addresses filled with them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from atrisys.store.tables import (
    AbstractImage,
    AbstractSlice,
    IdSequence,
    ImageInstance,
    ProjectMember,
    Relation,
    SecRole,
    SliceInstance,
    UploadedFile,
)
from browser import signed_in
from given import Given, slides
from given.annotations import SQUARE
from people import Person

Ids = Mapping[str, int | str]

FIRST_ID = 7_000_000
"""Ids of a walk begin here, so that no size or count is taken for one."""
FARTHER = 1_000_000
SHARED = ("user", "username", "role", "relation", "tag", "imageserver")
"""What everybody may know of."""
PLACEHOLDER = re.compile(r"\{(\w+)\}")
BY_NAME: Ids = {
    "term1": "term",
    "term2": "child",
    "term_id": "child",
    "user_id": "user",
    "domain_id": "project",
    "name": "user",
    "image": "imageinstance",
    "project": "project",
    "annotation": "annotation",
    "link": "representative",
    "layer": "defaultlayer",
    "relation": "relation",
    "role": "role",
    "session": "session",
    "public_key": "public_key",
    "command": "command",
    "invitation": "invitation",
    "track": "track",
    "group": "imagegroup",
    "merged": "annotationgroup",
}
"""What a path parameter names, where it is not `id`."""
PLAIN = {
    "format": "png", "kind": "annotation", "domain_class": "be.cytomine.domain.project.Project", "key": "stain",
    "label": "macro", "side": 1, "channel": 0, "z_stack": 0, "time": 0, "z": 0, "tx": 0, "ty": 0,
    "x": 0, "y": 0, "w": 64, "h": 64,
    "level": 0, "column": 0, "row": 0, "region": "full", "size": "max", "rotation": 0, "quality": "default",
}  # fmt: skip
BY_SEGMENT = {
    **dict.fromkeys(("userannotation", "annotations", "algoannotation", "{kind}"), "annotation"),
    "{side}": "term",
}
"""What `{id}` names, where the segment before it does not say it."""


@dataclass(frozen=True)
class World:
    owner: Person
    ids: Ids
    mark: str
    """A word in every name of this world."""

    @property
    def secrets(self) -> set[str]:
        """What no answer to a stranger may hold."""
        return {str(id) for kind, id in self.ids.items() if kind not in SHARED} | {self.mark}

    def unknown(self) -> Ids:
        """Ids like these that nobody has."""
        return {
            kind: id if kind in SHARED else id + FARTHER if isinstance(id, int) else id[::-1]
            for kind, id in self.ids.items()
        }


def make_world(
    given: Given, username: str, folder: Path, mark: str, role: str = "ROLE_USER", path: Path | None = None
) -> World:
    """A project with a slide that has pixels, a tree of terms, a drawing with terms, a finished job, a browser.

    The drawing was accepted in review. The project is described, tagged, and has a property and an attached file.
    `path`: another slide than the usual one.
    """
    with given.writing() as db:
        db.execute(update(IdSequence).where(IdSequence.last < FIRST_ID).values(last=FIRST_ID))
    owner = given.person(username, role=role)
    ontology = given.ontology(owner, f"{mark} ontology")
    term, child = given.term(ontology, f"{mark} tissue"), given.term(ontology, f"{mark} nucleus")
    link = owner.post("/api/relation/parent/term.json", json={"term1": term.id, "term2": child.id})
    project = given.project(owner, ontology=ontology, name=f"{mark} project")
    part = given.image(project, owner)
    storage = given.storage(owner, f"{mark} storage")
    slide = given.slide(owner, project, path=path or slides.svs(folder / f"{mark}.svs", width=300, height=200))
    with given.store.reading() as db:
        image = db.get_one(ImageInstance, slide.image_instance_ids[0])
        plane = db.scalars(select(SliceInstance.id).where(SliceInstance.image_id == image.id)).one()
        base_plane = db.scalars(select(AbstractSlice.id).where(AbstractSlice.image_id == image.base_image_id)).one()
        member = db.scalars(select(ProjectMember.id).where(ProjectMember.project_id == project.id)).one()
        base = db.get_one(AbstractImage, image.base_image_id)
        first_storage = db.get_one(UploadedFile, slide.uploaded_file_id).storage_id
        shared = {
            "role": db.scalars(select(SecRole.id).where(SecRole.authority == "ROLE_USER")).one(),
            "relation": db.scalars(select(Relation.id).where(Relation.name == "parent")).one(),
        }
    browser = signed_in(given.app, username)
    given.configuration("stain")
    given.description(project, f"the {mark} project")
    tag = given.tag(owner, f"tag of {username}")
    group = given.image_group(project, [image], f"{mark} group")
    drawn = given.annotation(image, owner, SQUARE, [term, child])
    linked = given.annotation_group(group, [drawn])
    track = given.track(image, f"{mark} track")
    owner.post(f"/api/annotationtrack/{drawn.id}/{track.id}.json")
    owner.post(f"/api/imageinstance/{image.id}/review.json")
    accepted = owner.post(f"/api/annotation/{drawn.id}/review.json", json={})
    ids: dict[str, int | str] = {
        **shared,
        "user": owner.id,
        "username": username,
        "public_key": owner.public_key,
        "session": browser.get("/api/atrisys/sessions.json").json()["collection"][0]["id"],
        "ontology": ontology.id,
        "term": term.id,
        "child": child.id,
        "link": link.json()["relationterm"]["id"],
        "command": link.json()["command"],
        "project": project.id,
        "representative": member,
        "storage": storage.id,
        "first storage": first_storage,
        "uploadedfile": slide.uploaded_file_id,
        "abstractimage": image.base_image_id,
        "abstractslice": base_plane,
        "imageinstance": image.id,
        "sliceinstance": plane,
        "annotation": drawn.id,
        "track": track.id,
        "imagegroup": group.id,
        "annotationgroup": linked.id,
        "reviewedannotation": accepted.json()["reviewedannotation"]["id"],
        "job": _finished_job(given, owner, project, mark),
        "uploads": given.open_upload(owner, f"{mark} upload.svs").id,
        "nested": given.nested_image(part, image, owner).id,
        "invitation": owner.post(f"/api/project/{project.id}/invitation.json", json={}).json()["id"],
        "tag": tag.id,
        "tag_domain_association": given.tagged(project, tag).id,
        "property": given.property(project, value=mark).id,
        "position": given.position(image, owner, broadcast=True, slice_id=plane).id,
        "annotation_action": given.action(image, owner).id,
        "projectConnection": _visit(given, project, image, owner),
        "defaultlayer": given.default_layer(project, owner).id,
        "imageserver": 7,
        "imagefilterproject": given.image_filter(project).id,
        "annotationfilter": given.annotation_filter(project, owner, name=f"{mark} filter").id,
        "comment": given.comment(drawn, owner, [owner], f"{mark} comment").id,
        "companionfile": given.companion_file(owner, base, mark.encode(), original_filename=f"{mark}.h5").id,
        "attachedfile": given.attached_file(project, mark.encode(), f"{mark}.pdf").id,
    }
    return World(owner, ids, mark)


def _visit(given: Given, project: Any, image: Any, owner: Person) -> int:
    """A connection during which an image was opened."""
    connection = given.connection(project, owner)
    given.consultation(image, owner, project_connection_id=connection.id)
    return connection.id


def _finished_job(given: Given, owner: Person, project: Any, mark: str) -> int:
    job = given.job(owner, project, state="done", result={"file": "made.zip", "name": f"{mark}.zip"}, log=mark)
    folder = given.store.folder.result_folder(job.id)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "made.zip").write_bytes(mark.encode())
    return job.id


def kinds_in(path: str) -> list[str]:
    """What the parameters of an address name, in order; not what is no object."""
    return [kind for _, kind in _places(path) if kind]


def fill(path: str, ids: Ids, *others: Ids) -> str:
    """The address with ids in it; `others` gives, place by place, where another world's id shall stand."""
    values = iter(others)
    for name, kind in _places(path):
        value = PLAIN[name] if kind is None else next(values, ids)[kind]
        path = path.replace(f"{{{name}}}", str(value), 1)
    return path


def _places(path: str) -> list[tuple[str, str | None]]:
    """The parameters of an address with what each names; KeyError for one that nobody has thought of."""
    found: list[tuple[str, str | None]] = []
    for match in PLACEHOLDER.finditer(path):
        name = match[1]
        if name != "id":
            found.append((name, None if name in PLAIN else str(BY_NAME[name])))
            continue
        before = path[: match.start()].strip("/").split("/")
        segment = "link" if before[-2:] == ["relation", "term"] else before[-1]
        found.append((name, BY_SEGMENT.get(segment, segment)))
    return found
