"""What every generation of the official client must be able to do; runs in Python with 2.3.4, 3.1.0 and 4.3.0 alike.

client_script.py HOST PUBLIC_KEY PRIVATE_KEY PROJECT_ID SLIDE. The report says what the client saw.
"""

import json
import os
import sys

from cytomine import Cytomine
from cytomine.models import (
    Annotation,
    AnnotationCollection,
    AnnotationTerm,
    ImageInstance,
    ImageInstanceCollection,
    ProjectCollection,
    StorageCollection,
    Term,
    UploadedFile,
)

HOST, PUBLIC_KEY, PRIVATE_KEY = sys.argv[1:4]
PROJECT_ID = int(sys.argv[4])
SLIDE = sys.argv[5]

report = {}


def location(n):
    return "POLYGON ((%d 10, %d 40, %d 40, %d 10, %d 10))" % (n, n, n + 30, n + 30, n)  # noqa: UP031


def upload(cytomine, storage):
    """2.3.4 wants the upload host first; the later ones took it away."""
    words = [SLIDE, storage, PROJECT_ID]
    if hasattr(cytomine, "upload_crop"):
        words.insert(0, HOST)
    return cytomine.upload_image(*words, sync=True)


def read_images():
    return {image.id: image for image in ImageInstanceCollection().fetch_with_filter("project", PROJECT_ID)}


def count_annotations(image):
    return len(AnnotationCollection(image=image, showWKT=True, showTerm=True).fetch())


with Cytomine(HOST, PUBLIC_KEY, PRIVATE_KEY) as cytomine:
    report["user"] = cytomine.current_user.username
    report["keys"] = cytomine.current_user.privateKey == PRIVATE_KEY
    project = next(project for project in ProjectCollection().fetch() if project.id == PROJECT_ID)
    report["project"] = project.name
    report["images before"] = len(read_images())

    mine = StorageCollection().fetch()
    report["storages"] = len(mine)
    uploaded = upload(cytomine, mine[0].id)
    first = uploaded.images[0]
    instance = first["imageInstances"][0]
    report["upload"] = {
        "status": UploadedFile().fetch(uploaded.id).status,
        "name": uploaded.originalFilename,
        "abstract": [first["abstractImage"].width, first["abstractImage"].height],
        "listed": instance.id in read_images(),
    }

    image = ImageInstance().fetch(instance.id)
    report["image"] = {"size": [image.width, image.height], "project": image.project, "name": image.instanceFilename}
    report["slice"] = image.reference_slice().image == image.id
    report["thumb"] = image.dump("thumb.png", max_size=200)
    report["window"] = ImageInstance().fetch(image.id).window(8, 16, 120, 90, dest_pattern="window.png")
    report["download"] = image.download("original.bin")

    term = Term("seen by a client", project.ontology, "#123456").save()
    one = Annotation(location(10), image.id, [term.id], PROJECT_ID).save()
    report["annotation"] = {"location": one.location, "term": one.term}
    one = Annotation().fetch(one.id)
    report["crop"] = one.dump("crop.png")
    report["mask"] = one.dump("mask.png", mask=True)
    report["crop again"] = one.dump("crop-again.png")
    one.location = location(50)
    report["edited"] = one.update().location
    other = Term("seen twice", project.ontology, "#654321").save()
    link = AnnotationTerm(one.id, other.id).save()
    report["link"] = [link.userannotation, link.term]
    report["terms"] = sorted(Annotation().fetch(one.id).term) == sorted([term.id, other.id])
    report["unlinked"] = AnnotationTerm().fetch(one.id, other.id).delete()

    many = AnnotationCollection()
    for n in range(30):
        many.append(Annotation(location(n), image.id, [term.id], PROJECT_ID))
    report["bulk"] = many.save()
    report["listed"] = count_annotations(image.id)
    report["deleted"] = Annotation().delete(one.id)
    report["left"] = count_annotations(image.id)
    report["gone"] = Annotation().fetch(one.id) is False
    undone = cytomine.get("command/undo.json")
    report["undone"] = [row["message"] for row in undone["collection"]], Annotation().fetch(one.id).location
    report["redone"] = cytomine.get("command/redo.json")["size"], Annotation().fetch(one.id) is False

    cytomine.set_credentials(PUBLIC_KEY, "not the private key")
    report["stranger"] = ProjectCollection().fetch() is False and cytomine.current_user is False

with open(os.environ["REPORT"], "w") as out:
    json.dump(report, out)
