"""Draws annotations with the unmodified official client: the first by itself, the rest as a collection.

draw_script.py HOST PUBLIC_KEY PRIVATE_KEY DRAWINGS.json. The file holds a list of {image, project, location, terms},
locations in Cytomine's frame (origin bottom left, y up); the report holds what the server answered.
"""

import json
import os
import sys
from pathlib import Path

from cytomine import Cytomine
from cytomine.models import Annotation, AnnotationCollection

HOST, PUBLIC_KEY, PRIVATE_KEY, DRAWINGS = sys.argv[1:5]


def annotation(drawing):
    return Annotation(drawing["location"], drawing["image"], drawing["terms"] or None, drawing["project"])


drawings = json.loads(Path(DRAWINGS).read_text(encoding="utf-8"))
with Cytomine(HOST, PUBLIC_KEY, PRIVATE_KEY):
    one = annotation(drawings[0]).save()
    several = AnnotationCollection()
    for drawing in drawings[1:]:
        several.append(annotation(drawing))
    saved = several.save()

report = {"id": one.id, "location": one.location, "term": one.term, "area": one.area, "saved": saved}
Path(os.environ["REPORT"]).write_text(json.dumps(report), encoding="utf-8")
