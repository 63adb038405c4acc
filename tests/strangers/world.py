"""Somebody's world: one object of every kind that an address can name."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from atrisys.store.tables import (
    AbstractImage,
    AbstractSlice,
    IdSequence,
    ImageInstance,
    Project,
    ProjectMember,
    Relation,
    SecRole,
    SliceInstance,
    Term,
    UploadedFile,
    UserAnnotation,
)
from browser import signed_in
from given import Given, slides
from given.annotations import SQUARE
from people import Person
from strangers.addresses import SHARED, Ids

FIRST_ID = 7_000_000
"""Ids of a walk begin here, so that no size or count is taken for one."""
FARTHER = 1_000_000


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
    project = given.project(owner, ontology=ontology, name=f"{mark} project")
    part = given.image(project, owner)
    storage = given.storage(owner, f"{mark} storage")
    slide = given.slide(owner, project, path=path or slides.svs(folder / f"{mark}.svs", width=300, height=200))
    with given.store.reading() as db:
        image = db.get_one(ImageInstance, slide.image_instance_ids[0])
        base = db.get_one(AbstractImage, image.base_image_id)
    browser = signed_in(given.app, username)
    drawn = given.annotation(image, owner, SQUARE, [term, child])
    ids: dict[str, int | str] = {
        **_found(given, project, image, slide.uploaded_file_id),
        **_tree(owner, term, child),
        **_on_project(given, owner, project, mark),
        **_on_image(given, owner, project, image, drawn, mark),
        "user": owner.id,
        "username": username,
        "public_key": owner.public_key,
        "session": browser.get("/api/atrisys/sessions.json").json()["collection"][0]["id"],
        "ontology": ontology.id,
        "project": project.id,
        "storage": storage.id,
        "uploadedfile": slide.uploaded_file_id,
        "abstractimage": base.id,
        "imageinstance": image.id,
        "annotation": drawn.id,
        "uploads": given.open_upload(owner, f"{mark} upload.svs").id,
        "nested": given.nested_image(part, image, owner).id,
        "imageserver": 7,
        "companionfile": given.companion_file(owner, base, mark.encode(), original_filename=f"{mark}.h5").id,
    }
    return World(owner, ids, mark)


def _found(given: Given, project: Project, image: ImageInstance, file_id: int) -> dict[str, int]:
    """What came along by itself."""
    with given.store.reading() as db:

        def one(column: Any, *conditions: Any) -> int:
            return db.scalars(select(column).where(*conditions)).one()

        return {
            "role": one(SecRole.id, SecRole.authority == "ROLE_USER"),
            "relation": one(Relation.id, Relation.name == "parent"),
            "representative": one(ProjectMember.id, ProjectMember.project_id == project.id),
            "first storage": one(UploadedFile.storage_id, UploadedFile.id == file_id),
            "abstractslice": one(AbstractSlice.id, AbstractSlice.image_id == image.base_image_id),
            "sliceinstance": one(SliceInstance.id, SliceInstance.image_id == image.id),
        }


def _tree(owner: Person, term: Term, child: Term) -> dict[str, int]:
    """Two terms, the one below the other, and the command that laid them so."""
    link = owner.post("/api/relation/parent/term.json", json={"term1": term.id, "term2": child.id}).json()
    return {"term": term.id, "child": child.id, "link": link["relationterm"]["id"], "command": link["command"]}


def _on_project(given: Given, owner: Person, project: Project, mark: str) -> dict[str, int]:
    """What is said of the project, and what is kept in it."""
    given.configuration("stain")
    given.description(project, f"the {mark} project")
    tag = given.tag(owner, f"tag of {owner.id}")
    return {
        "tag": tag.id,
        "tag_domain_association": given.tagged(project, tag).id,
        "property": given.property(project, value=mark).id,
        "attachedfile": given.attached_file(project, mark.encode(), f"{mark}.pdf").id,
        "invitation": owner.post(f"/api/project/{project.id}/invitation.json", json={}).json()["id"],
        "defaultlayer": given.default_layer(project, owner).id,
        "imagefilterproject": given.image_filter(project).id,
        "annotationfilter": given.annotation_filter(project, owner, name=f"{mark} filter").id,
        "job": _finished_job(given, owner, project, mark),
    }


def _on_image(
    given: Given, owner: Person, project: Project, image: ImageInstance, drawn: UserAnnotation, mark: str
) -> dict[str, int]:
    """What hangs on the image and its drawing, and who looked at them."""
    group = given.image_group(project, [image], f"{mark} group")
    linked = given.annotation_group(group, [drawn])
    track = given.track(image, f"{mark} track")
    owner.post(f"/api/annotationtrack/{drawn.id}/{track.id}.json")
    owner.post(f"/api/imageinstance/{image.id}/review.json")
    accepted = owner.post(f"/api/annotation/{drawn.id}/review.json", json={})
    return {
        "track": track.id,
        "imagegroup": group.id,
        "annotationgroup": linked.id,
        "reviewedannotation": accepted.json()["reviewedannotation"]["id"],
        "position": given.position(image, owner, broadcast=True, slice_id=drawn.slice_id).id,
        "annotation_action": given.action(image, owner).id,
        "projectConnection": _visit(given, project, image, owner),
        "comment": given.comment(drawn, owner, [owner], f"{mark} comment").id,
        "annotationcomment": given.said(drawn, owner, f"{mark} thread").id,
    }


def _visit(given: Given, project: Project, image: ImageInstance, owner: Person) -> int:
    """A connection during which an image was opened."""
    connection = given.connection(project, owner)
    given.consultation(image, owner, project_connection_id=connection.id)
    return connection.id


def _finished_job(given: Given, owner: Person, project: Project, mark: str) -> int:
    job = given.job(owner, project, state="done", result={"file": "made.zip", "name": f"{mark}.zip"}, log=mark)
    folder = given.store.folder.result_folder(job.id)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "made.zip").write_bytes(mark.encode())
    return job.id
