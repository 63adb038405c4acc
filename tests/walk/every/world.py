"""The objects that the methods are run on, and the other road by which their effect is looked at."""

import logging
from dataclasses import dataclass, field
from pathlib import Path

import requests
from cytomine import Cytomine
from cytomine.models import (
    Annotation,
    CurrentUser,
    ImageGroup,
    ImageGroupImageInstance,
    ImageInstance,
    Ontology,
    Project,
    StorageCollection,
    Tag,
    Term,
    Track,
)

SQUARE = "POLYGON ((10 10, 10 40, 40 40, 40 10, 10 10))"
"""Cytomine's frame: 30 x 30 px near the left bottom corner."""


def square(x, y=10, side=30):
    return f"POLYGON (({x} {y}, {x} {y + side}, {x + side} {y + side}, {x + side} {y}, {x} {y}))"


@dataclass
class World:
    """One project of alice's, in which bob works too; charlie is in none, ada is the administrator."""

    host: str
    keys: dict
    slide: Path
    things: dict = field(default_factory=dict)

    def __getattr__(self, name):
        try:
            return self.things[name]
        except KeyError:
            raise AttributeError(name) from None

    def become(self, name):
        """The client's requests are signed by this one of the cast from now on; ada opens her admin session too."""
        client = Cytomine.get_instance()
        client.set_credentials(*self.keys[name])
        if name == "ada":
            client.open_admin_session()
        return client

    def ask(self, path, by="alice", method="GET", **words):
        """One request past the client: keys in the headers, lists as bare arrays."""
        public, private = self.keys[by]
        headers = {"X-Auth-Token": public, "X-Auth-Secret": private}
        return requests.request(method, f"{self.host}/api/{path}", headers=headers, timeout=60, **words)

    def rows(self, path, by="alice"):
        """What the server says at an address: an object, a list, or the status of its refusal."""
        answer = self.ask(path, by)
        return answer.json() if answer.status_code == 200 else answer.status_code

    def ids(self, path, by="alice"):
        rows = self.rows(path, by)
        return [row["id"] for row in rows] if isinstance(rows, list) else rows

    def bytes(self, path, by="alice"):
        return self.ask(path, by).content


def begin(told):
    """Connected as alice, with the objects that everything else is made from."""
    world = World(told["host"], told["keys"], Path(told["slide"]))
    Cytomine.connect(world.host, *world.keys["alice"], verbose=logging.ERROR)
    make(world, world.things)
    return world


def make(world, things):
    things["client"] = Cytomine.get_instance()
    for name in ("bob", "charlie", "ada", "alice"):
        world.become(name)
        things[name] = CurrentUser().fetch()
    things["storage"] = StorageCollection().fetch()[0]
    things["ontology"] = Ontology("Skin").save()
    things["other_ontology"] = Ontology("Bone").save()
    things["term"] = Term("Epidermis", things["ontology"].id, "#112233").save()
    things["second_term"] = Term("Dermis", things["ontology"].id, "#445566").save()
    things["other_term"] = Term("Marrow", things["other_ontology"].id, "#778899").save()
    things["project"] = Project("Every method", things["ontology"].id).save()
    things["other_project"] = Project("Beside it", things["other_ontology"].id).save()
    things["project"].add_user(things["bob"].id)
    things["image"] = upload(world, things, "first.tif", things["project"])
    things["second_image"] = upload(world, things, "second.tif", things["project"])
    things["other_image"] = upload(world, things, "other.tif", things["other_project"])
    things["spare_image"] = upload(world, things, "spare.tif", None)
    things["slice"] = things["image"].reference_slice()
    things["annotation"] = Annotation(SQUARE, things["image"].id, [things["term"].id], things["project"].id).save()
    things["tag"] = Tag("seen").save()
    things["track"] = Track("followed", things["image"].id, "#123456").save()
    things["group"] = ImageGroup("block", things["project"].id).save()
    for image in (things["image"], things["second_image"]):
        ImageGroupImageInstance(things["group"].id, image.id).save()


def upload(world, things, name, project):
    """A copy of the slide under a name of its own: an image of the project, or where there is none the abstract one."""
    path = Path(name)
    path.write_bytes(world.slide.read_bytes())
    told = things["client"].upload_image(name, things["storage"].id, project and project.id, sync=True)
    image = told.images[0]
    return ImageInstance().fetch(image["imageInstances"][0].id) if project else image["abstractImage"]
