"""Run by an official client's interpreter: what its classes do with tracks and groups.

groups_script.py HOST PUBLIC_KEY PRIVATE_KEY PROJECT_ID SLIDE. The report says what the client saw.
"""

import json
import os
import sys

from cytomine import Cytomine
from cytomine.models import (
    Annotation,
    AnnotationCollection,
    AnnotationTrack,
    ImageGroup,
    ImageGroupCollection,
    ImageGroupImageInstance,
    ImageGroupImageInstanceCollection,
    ImageInstanceCollection,
    StorageCollection,
    Track,
    TrackCollection,
)

HOST, PUBLIC_KEY, PRIVATE_KEY, PROJECT, SLIDE = sys.argv[1:6]
PROJECT_ID = int(PROJECT)
SQUARE = "POLYGON ((10 10, 10 30, 30 30, 30 10, 10 10))"


def try_tracks(image, annotation):
    track = Track("nucleus", image.id, "#123456").save()
    seen = {"saved": [track.name, track.color, track.image == image.id, track.project == PROJECT_ID]}
    seen["fetched"] = Track().fetch(track.id).name
    track.name = "nucleus 1"
    seen["updated"] = track.update().name
    for key, id in (("project", PROJECT_ID), ("imageinstance", image.id)):
        seen[key] = [one.name for one in TrackCollection().fetch_with_filter(key, id)]
    link = AnnotationTrack("be.cytomine.domain.ontology.UserAnnotation", annotation.id, track.id).save()
    seen["linked"] = [link.annotationIdent == annotation.id, link.track == track.id]
    seen["link fetched"] = AnnotationTrack().fetch(annotation.id, track.id).id == link.id
    listed = AnnotationCollection(image=image.id, track=track.id, showTrack=True).fetch()
    seen["listed"] = [[one.id == annotation.id, one.track == [track.id]] for one in listed]
    seen["shown"] = Annotation().fetch(annotation.id).track == [track.id]
    seen["link deleted"] = AnnotationTrack().fetch(annotation.id, track.id).delete()
    seen["left"] = len(AnnotationCollection(image=image.id, track=track.id).fetch())
    seen["deleted"] = track.delete()
    seen["gone"] = Track().fetch(track.id) is False
    return seen


def try_image_groups(image):
    group = ImageGroup("block", PROJECT_ID).save()
    seen = {"saved": [group.name, group.project == PROJECT_ID, group.numberOfImages]}
    group.name = "block 1"
    seen["updated"] = group.update().name
    seen["project"] = [one.name for one in ImageGroupCollection().fetch_with_filter("project", PROJECT_ID)]
    link = ImageGroupImageInstance(group.id, image.id).save()
    seen["linked"] = [link.group == group.id, link.image == image.id, link.groupName]
    seen["link fetched"] = ImageGroupImageInstance().fetch(group.id, image.id).id == link.id
    for key, id in (("imagegroup", group.id), ("imageinstance", image.id)):
        links = ImageGroupImageInstanceCollection().fetch_with_filter(key, id)
        seen[key] = [one.image == image.id for one in links]
    inside = ImageInstanceCollection().fetch_with_filter("imagegroup", group.id)
    seen["images"] = [one.id == image.id for one in inside]
    seen["fetched"] = ImageGroup().fetch(group.id).numberOfImages
    seen["link deleted"] = ImageGroupImageInstance().fetch(group.id, image.id).delete()
    seen["left"] = ImageGroup().fetch(group.id).numberOfImages
    seen["deleted"] = group.delete()
    seen["gone"] = ImageGroup().fetch(group.id) is False
    return seen


report = {}
with Cytomine(HOST, PUBLIC_KEY, PRIVATE_KEY) as cytomine:
    storage = StorageCollection().fetch()[0]
    uploaded = cytomine.upload_image(SLIDE, storage.id, PROJECT_ID, sync=True)
    image = uploaded.images[0]["imageInstances"][0]
    annotation = Annotation(SQUARE, image.id, id_project=PROJECT_ID).save()
    report["tracks"] = try_tracks(image, annotation)
    report["image groups"] = try_image_groups(image)

with open(os.environ["REPORT"], "w") as out:
    json.dump(report, out)
