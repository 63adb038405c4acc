"""What the official client hears of people: users, roles, storages, and what they did.

people_script.py HOST PUBLIC_KEY PRIVATE_KEY PROJECT_ID IMAGE_ID. The report says what the client saw.
"""

import json
import os
import sys

from cytomine import Cytomine
from cytomine.models import Annotation, CurrentUser
from cytomine.models.social import (
    AnnotationAction,
    AnnotationActionCollection,
    ImageConsultationCollection,
    Position,
    PositionCollection,
    ProjectConnectionCollection,
)

HOST, PUBLIC_KEY, PRIVATE_KEY = sys.argv[1:4]
PROJECT_ID, IMAGE_ID = int(sys.argv[4]), int(sys.argv[5])
SQUARE = "POLYGON ((10 10, 10 40, 40 40, 40 10, 10 10))"
VIEW = {f"{side}{axis}": 10 for side in ("topLeft", "topRight", "bottomRight", "bottomLeft") for axis in "XY"}
VIEW.update(topRightX=30, bottomRightX=30, topLeftY=30, topRightY=30, zoom=2, rotation=0, broadcast=True)


def record(cytomine, me):
    """What a viewer sends by itself."""
    annotation = Annotation(SQUARE, IMAGE_ID, project=PROJECT_ID).save()
    sent = [
        (f"project/{PROJECT_ID}/userconnection.json", {"project": PROJECT_ID, "os": "Linux", "browser": "script"}),
        (f"imageinstance/{IMAGE_ID}/consultation.json", {"mode": "view", "image": IMAGE_ID}),
        (f"imageinstance/{IMAGE_ID}/position.json", VIEW),
        ("annotation_action.json", {"annotationIdent": annotation.id, "action": "select"}),
    ]
    return [bool(cytomine.post(address, json.dumps(data))) for address, data in sent]


def look_back(me):
    slice_id = PositionCollection({"imageinstance": IMAGE_ID}).fetch()[0].slice
    positions = PositionCollection({"imageinstance": IMAGE_ID}, user=me.id).fetch()
    counted = PositionCollection({"imageinstance": IMAGE_ID}, showDetails=False).fetch()
    actions = AnnotationActionCollection({"imageinstance": IMAGE_ID}, user=me.id).fetch()
    connections = ProjectConnectionCollection(PROJECT_ID, me.id).fetch()
    consultations = ImageConsultationCollection(PROJECT_ID, me.id).fetch()
    return {
        "position": Position().fetch(positions[0].id).location,
        "positions": [one.zoom for one in positions],
        "after": len(PositionCollection({"imageinstance": IMAGE_ID}, afterThan=2**42).fetch()),
        "counted": [one.frequency for one in counted],
        "on slice": len(PositionCollection({"sliceinstance": slice_id}).fetch()),
        "action": AnnotationAction().fetch(actions[0].id).action,
        "actions": [one.annotationCreator == me.id for one in actions],
        "connections": [[one.user == me.id, one.browser] for one in connections],
        "consultations": [[one.image, one.mode] for one in consultations],
    }


report = {}
with Cytomine(HOST, PUBLIC_KEY, PRIVATE_KEY) as cytomine:
    me = CurrentUser().fetch()
    report["recorded"] = record(cytomine, me)
    report["seen"] = look_back(me)

with open(os.environ["REPORT"], "w") as out:
    json.dump(report, out)
