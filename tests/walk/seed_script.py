"""The script of the seed document (test_seed.py), run by the unmodified official client in an environment of its own.

Its steps and loops are kept as they are printed. Around them stand only what it takes for granted (imports), what it
leaves to its reader (the numbers of the classes, the loop over the images) and a report.

seed_script.py HOST PUBLIC_KEY PRIVATE_KEY PROJECT_ID MSK_DIR GEO_DIR [ORIGIN]
"""

import json
import os
import sys

import numpy as np
from cytomine import Cytomine
from cytomine.models import AnnotationCollection, ImageInstanceCollection, Ontology, Project, TermCollection
from PIL import Image, ImageDraw
from shapely import wkt
from shapely.geometry import mapping

HOST, PUBLIC_KEY, PRIVATE_KEY = sys.argv[1:4]
PROJECT_ID = int(sys.argv[4])
MSK_DIR, GEO_DIR = sys.argv[5:7]
FRAME = {"origin": sys.argv[7]} if len(sys.argv) > 7 else {}
SAVE_WHOLE_MASK = True
SAVE_PER_IMAGE_GEOJSON = True

report = {"images": [], "windows": {}}

with Cytomine(HOST, PUBLIC_KEY, PRIVATE_KEY) as cyto:
    print("Connected")
    report["user"] = cyto.current_user.username

    project = Project().fetch(PROJECT_ID)
    print(project.name, project.ontology)
    report["project"] = {"name": project.name, "ontology": project.ontology}

    ontology = Ontology().fetch(project.ontology)
    terms = TermCollection().fetch_with_filter("ontology", ontology.id)
    for t in terms:
        print(t.id, t.name)
    report["terms"] = {t.name: t.id for t in terms}
    class_name_to_id = {t.name: n for n, t in enumerate(sorted(terms, key=lambda t: t.id), start=1)}
    report["classes"] = class_name_to_id

    images = ImageInstanceCollection().fetch_with_filter("project", PROJECT_ID)
    print("Number of images:", len(images))
    for img in images:
        print(img.id, img.filename, img.width, img.height)
        report["images"].append({"id": img.id, "filename": img.filename, "width": img.width, "height": img.height})

    for img in images:
        image_id = img.id
        W, H = img.width, img.height
        anns = AnnotationCollection(image=image_id, showWKT=True, showTerm=True, **FRAME)
        anns.fetch()
        mask_img = None
        if SAVE_WHOLE_MASK:
            mask_img = Image.new("L", (W, H), 0)
            drawer = ImageDraw.Draw(mask_img, "L")
        if SAVE_PER_IMAGE_GEOJSON:
            geo = {"type": "FeatureCollection", "features": []}
        for a in anns:
            print(a.id, a.location, a.term)
            wkt_str = a.location
            try:
                poly = wkt.loads(wkt_str)
            except Exception:
                continue
            term_names = []
            if getattr(a, "term", None):
                term_id = a.term[0]
                tname = next((t.name for t in terms if t.id == term_id), "Unlabeled")
                term_names.append(tname)
            else:
                tname = "Unlabeled"
            class_id = class_name_to_id.get(tname, 255)
            if SAVE_PER_IMAGE_GEOJSON:
                feature = {
                    "type": "Feature",
                    "properties": {
                        "image_id": image_id,
                        "annotation_id": a.id,
                        "class_id": class_id,
                        "class_name": tname,
                    },
                    "geometry": mapping(poly),
                }
                geo["features"].append(feature)
            if SAVE_WHOLE_MASK:

                def draw_polygon(geom):
                    if geom.geom_type == "Polygon":
                        exterior = [(x, y) for x, y in np.array(geom.exterior.coords)]
                        interiors = [[(x, y) for x, y in np.array(ring.coords)] for ring in geom.interiors]
                        drawer.polygon(exterior, fill=int(class_id))  # noqa: B023
                        for hole in interiors:
                            drawer.polygon(hole, fill=0)  # noqa: B023
                    elif geom.geom_type == "MultiPolygon":
                        for g in geom.geoms:
                            draw_polygon(g)

                draw_polygon(poly)
        if SAVE_PER_IMAGE_GEOJSON:
            with open(os.path.join(GEO_DIR, f"{image_id}.geojson"), "w", encoding="utf-8") as jf:
                json.dump(geo, jf, ensure_ascii=False)
        if SAVE_WHOLE_MASK:
            mask_img.save(os.path.join(MSK_DIR, f"{image_id}_mask.png"))
        win_url = f"{HOST}/api/imageinstance/{image_id}/window-{W}-{H}-0-0.jpg?zoom=0"
        r = cyto._session.get(win_url)
        with open(os.path.join(MSK_DIR, f"{image_id}.jpg"), "wb") as picture:
            picture.write(r.content)
        report["windows"][image_id] = {"status": r.status_code, "type": r.headers.get("Content-Type")}

with open(os.environ["REPORT"], "w", encoding="utf-8") as out:
    json.dump(report, out)
