"""Run inside an official client's environment: how long its own `save()` of a collection takes, with two threads.

client_saving.py HOST PUBLIC_KEY PRIVATE_KEY DRAWINGS.json; the file holds a list of {image, location, terms}. Prints
the seconds.
"""

import json
import logging
import sys
import time
from pathlib import Path

from cytomine import Cytomine
from cytomine.models import Annotation, AnnotationCollection

HOST, PUBLIC_KEY, PRIVATE_KEY, DRAWINGS = sys.argv[1:5]

with Cytomine(HOST, PUBLIC_KEY, PRIVATE_KEY, verbose=logging.ERROR):
    collection = AnnotationCollection()
    for drawing in json.loads(Path(DRAWINGS).read_text(encoding="utf-8")):
        collection.append(Annotation(drawing["location"], drawing["image"], drawing["term"]))
    begun = time.perf_counter()
    saved = collection.save(chunk=15, n_workers=2)
    print(time.perf_counter() - begun)
sys.exit(0 if saved is True else 1)
