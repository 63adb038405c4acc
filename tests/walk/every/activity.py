"""What people did: recorded as a viewer records it, read back by the client."""

import json
import time

from cytomine.models import AnnotationAction, AnnotationActionCollection, ImageInstance, Position, PositionCollection
from cytomine.models.social import (
    ImageConsultation,
    ImageConsultationCollection,
    ProjectConnection,
    ProjectConnectionCollection,
)
from ledger import see, tried

VIEW = {f"{side}{axis}": 10 for side in ("topLeft", "topRight", "bottomRight", "bottomLeft") for axis in "XY"}
VIEW |= {"topRightX": 30, "bottomRightX": 30, "topLeftY": 30, "topRightY": 30, "rotation": 0, "broadcast": False}
ACTIONS = ("select", "move")


def drive(world):
    borders = record(world)
    see_seen(world, PositionCollection, Position, "zoom", [1, 2], borders)
    see_seen(world, AnnotationActionCollection, AnnotationAction, "action", list(ACTIONS), borders)
    see_summed(world)
    see_visits(world)


def record(world):
    """Twice in a row, as alice; the time between the two, and another image of bob's."""
    client, image = world.become("alice"), world.image.id
    client.post(f"project/{world.project.id}/userconnection.json", json.dumps({"os": "Linux", "browser": "script"}))
    client.post(f"imageinstance/{image}/consultation.json", json.dumps({"mode": "view", "image": image}))
    borders = []
    for zoom, action in enumerate(ACTIONS, 1):
        client.post(f"imageinstance/{image}/position.json", json.dumps({**VIEW, "zoom": zoom}))
        told = {"annotationIdent": world.annotation.id, "action": action}
        client.post("annotation_action.json", json.dumps(told))
        time.sleep(0.05)
        borders.append(int(time.time() * 1000))
        time.sleep(0.05)
    client = world.become("bob")
    client.post(f"imageinstance/{world.second_image.id}/position.json", json.dumps({**VIEW, "zoom": 3}))
    client.post(f"project/{world.project.id}/userconnection.json", json.dumps({"os": "Linux", "browser": "another"}))
    world.become("alice")
    return borders


def see_seen(world, collection, model, word, both, borders):
    """What was taken down of one image, by whom and when."""
    name = collection.__name__

    def found(key="imageinstance", value=None, **asked):
        return collection({key: value or world.image.id}, **asked).fetch()

    def told(several):
        return sorted(getattr(one, word) for one in several)

    everything = found()
    asked = collection().fetch_with_filter("imageinstance", world.image.id)
    for key in (f"{name}.fetch", f"{name}.fetch_with_filter", f"{name}/imageinstance"):
        see(key, [told(everything), told(asked)], [sorted(both)] * 2)
    see(f"{name}?user", [told(found(user=one.id)) for one in (world.alice, world.bob)], [sorted(both), []])
    see(f"{name}?afterThan", told(found(afterThan=borders[0])), both[1:])
    see(f"{name}?beforeThan", told(found(beforeThan=borders[0])), both[:1])
    if name == "PositionCollection":
        see(f"{name}/sliceinstance", told(found("sliceinstance", reference(world.image))), sorted(both))
        other = found("sliceinstance", reference(world.second_image))
        see(f"{name}/sliceinstance", told(other), [3])
    first = next(one for one in everything if getattr(one, word) == both[0])
    one = model().fetch(first.id)
    see(f"{model.__name__}.fetch", [getattr(one, word), one.image, one.user], [both[0], world.image.id, world.alice.id])
    see_nothing_else(model())
    pages = collection({"imageinstance": world.image.id}, max=1)
    order = [[row.id for row in pages.fetch_next_page()] for _ in range(2)]
    see(f"{name}.fetch_next_page", order, [[row.id] for row in everything])
    see(f"{name}.fetch_previous_page", [row.id for row in pages.fetch_previous_page()], order[0])
    whole = collection({"imageinstance": world.image.id}).fetch(1)
    see(f"{name}.fetch", [row.id for row in whole], [row.id for row in everything])


def reference(image):
    """The slice that a viewer opens; other themes may have added some since."""
    return ImageInstance().fetch(image.id).reference_slice().id


def see_nothing_else(one, *more):
    for method in ("save", "delete", "update", *more):
        see(f"{type(one).__name__}.{method}", tried(getattr(one, method)), "NotImplementedError")


def see_summed(world):
    """Without details the same place counts once, with how often it was looked at."""
    summed = [
        sorted([one.zoom, getattr(one, "frequency", None)] for one in some)
        for some in (
            PositionCollection({"imageinstance": world.image.id}, showDetails=False).fetch(),
            PositionCollection({"imageinstance": world.image.id}, showDetails=True).fetch(),
        )
    ]
    see("PositionCollection?showDetails", summed, [[[1, 1], [2, 1]], [[1, None], [2, None]]])


def see_visits(world):
    """Connections to a project, and the images that were opened in it."""
    client = world.client
    other = world.second_image.id
    client.post(f"imageinstance/{other}/consultation.json", json.dumps({"mode": "view", "image": other}))
    client.post(f"project/{world.project.id}/userconnection.json", json.dumps({"os": "Linux", "browser": "second"}))
    for collection, word, of_alice, of_bob in (
        (ProjectConnectionCollection, "browser", ["script", "second"], ["another"]),
        (ImageConsultationCollection, "image", sorted([world.image.id, other]), []),
    ):
        name = collection.__name__
        lists = [collection(world.project.id, one.id).fetch() for one in (world.alice, world.bob)]
        told = [sorted(getattr(one, word) for one in several) for several in lists]
        for key in (f"{name}.fetch", f"{name}/", f"{name}?user"):
            see(key, told, [of_alice, of_bob])
        elsewhere = collection(world.other_project.id, world.alice.id).fetch()
        see(f"{name}?project", [len(elsewhere), len(lists[0])], [0, 2])
        asked = collection(world.project.id, world.alice.id).fetch_with_filter("nothing", 1)
        see(f"{name}.fetch_with_filter", [one.id for one in asked], [one.id for one in lists[0]])
        pages = collection(world.project.id, world.alice.id, max=1)
        order = [[row.id for row in pages.fetch_next_page()] for _ in range(2)]
        see(f"{name}.fetch_next_page", order, [[row.id] for row in lists[0]])
        see(f"{name}.fetch_previous_page", [row.id for row in pages.fetch_previous_page()], order[0])
    for model in (ProjectConnection, ImageConsultation):
        see_nothing_else(model(), "fetch")
