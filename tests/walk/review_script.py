"""Run by an official client's interpreter: what its classes do with shapes that are accepted in review."""

import json
import os
import sys

from cytomine import Cytomine
from cytomine.models import Annotation, AnnotationCollection, ImageInstanceCollection, StorageCollection

HOST, PUBLIC_KEY, PRIVATE_KEY, PROJECT, SLIDE = sys.argv[1:6]
PROJECT_ID = int(PROJECT)
SQUARE = "POLYGON ((10 10, 10 30, 30 30, 30 10, 10 10))"

report = {}
with Cytomine(HOST, PUBLIC_KEY, PRIVATE_KEY) as cytomine:
    storage = StorageCollection().fetch()[0]
    cytomine.upload_image(SLIDE, storage.id, PROJECT_ID, sync=True)
    image = ImageInstanceCollection().fetch_with_filter("project", PROJECT_ID)[0]
    drawn = Annotation(location=SQUARE, id_image=image.id, id_project=PROJECT_ID).save()
    report["before the review"] = drawn.review() is False
    cytomine.post("imageinstance/%d/review.json" % image.id)  # noqa: UP031
    answer = drawn.review()
    report["accepted"] = answer["reviewedannotation"]["parentIdent"] == drawn.id
    listed = AnnotationCollection(image=image.id, reviewed=True, showWKT=True, showMeta=True).fetch()
    report["listed"] = [[one.parentIdent == drawn.id, one.location, one.reviewed] for one in listed]
    copy = Annotation().fetch(listed[0].id)
    report["fetched"] = [copy.id == listed[0].id, copy.location]
    report["pictures"] = [copy.dump("crop.jpg"), copy.dump("mask.png", mask=True), os.path.exists("mask.png")]
    copy.location = SQUARE.replace("30", "50")
    report["reshaped"] = copy.update().location
    report["left alone"] = Annotation().fetch(drawn.id).location
    report["deleted"] = copy.delete()
    report["left"] = len(AnnotationCollection(image=image.id, reviewed=True).fetch())

with open(os.environ["REPORT"], "w") as out:
    json.dump(report, out)
