"""What people do in a project.

Columns: contributors of a CLASSIC, of a RESTRICTED and of a READ_ONLY project, managers, administrators.
"""

from rights.deeds import Deed

FAR = "POLYGON ((60 10, 60 30, 80 30, 80 10, 60 10))"
OFF, ON = {"are_images_downloadable": False}, {"are_images_downloadable": True}
ALL = "yes yes yes yes yes"
MANAGERS = "no no no yes yes"
OWNERS = "yes own no yes yes"
CONTRIBUTORS = "yes yes no yes yes"

SEEING = [
    Deed("see the project", "GET /api/project/{project}.json", ALL),
    Deed("see its images", "GET /api/project/{project}/imageinstance.json", ALL),
    Deed("see an image", "GET /api/imageinstance/{image}.json", ALL),
    Deed("see pixels", "GET /api/imageinstance/{slide}/thumb.png", ALL, params={"maxSize": 16}),
    Deed("see a plane", "GET /api/sliceinstance/{plane}.json", ALL),
    Deed("see the slide itself", "GET /api/abstractimage/{base}.json", ALL),
    Deed("see a label", "GET /api/imageinstance/{slide}/associated/label.png", MANAGERS, params={"maxSize": 16}),
    Deed("list annotations", "GET /api/annotation.json", ALL, params={"project": "{project}"}),
    Deed("list those of an image", "GET /api/annotation.json", ALL, params={"image": "{image}"}),
    Deed("see an annotation", "GET /api/annotation/{annotation}.json", ALL),
    Deed("see an annotation's pixels", "GET /api/annotation/{on_slide}/crop.png", ALL, params={"maxSize": 16}),
    Deed("see the members", "GET /api/project/{project}/user.json", ALL),
    Deed("see the ontology", "GET /api/ontology/{ontology}.json", ALL),
    Deed("see tracks", "GET /api/imageinstance/{image}/track.json", ALL),
    Deed("see statistics", "GET /api/project/{project}/stats/term.json", ALL),
    Deed("see the history", "GET /api/project/{project}/commandhistory.json", ALL),
    Deed("download, if not allowed", "GET /api/imageinstance/{slide}/download", MANAGERS, settings=OFF),
    Deed("download, if allowed", "GET /api/imageinstance/{slide}/download", ALL, settings=ON),
]

PROJECT = [
    Deed("rename the project", "PUT /api/project/{project}.json", MANAGERS, body={"name": "renamed"}),
    Deed("change its mode", "PUT /api/project/{project}.json", MANAGERS, body={"isReadOnly": True}),
    Deed("blind it", "PUT /api/project/{project}.json", MANAGERS, body={"blindMode": True}),
    Deed(
        "take its ontology away",
        "PUT /api/project/{project}.json",
        MANAGERS,
        body={"ontology": None, "forceOntologyUpdate": True},
    ),
    Deed("add a member", "POST /api/project/{project}/user/{stranger}.json", MANAGERS),
    Deed("add several members", "POST /api/project/{project}/user.json", MANAGERS, params={"users": "{stranger}"}),
    Deed("make a manager", "POST /api/project/{project}/user/{other}/admin.json", MANAGERS),
    Deed("make oneself a manager", "POST /api/project/{project}/user/{me}/admin.json", MANAGERS),
    Deed("take a manager's rights", "DELETE /api/project/{project}/user/{alice}/admin.json", MANAGERS),
    Deed("take a member out", "DELETE /api/project/{project}/user/{other}.json", MANAGERS),
    Deed("take a manager out", "DELETE /api/project/{project}/user/{alice}.json", MANAGERS),
    Deed("leave", "DELETE /api/project/{project}/user/{me}.json", "yes yes yes yes unseen"),
    Deed(
        "name a representative",
        "POST /api/project/{project}/representative.json",
        MANAGERS,
        body={"user": "{other}", "project": "{project}"},
    ),
    Deed("make a default layer", "POST /api/project/{project}/defaultlayer.json", MANAGERS, body={"user": "{other}"}),
    Deed(
        "hide a default layer",
        "PUT /api/project/{project}/defaultlayer/{default_layer}.json",
        MANAGERS,
        body={"hideByDefault": True},
    ),
    Deed("end a default layer", "DELETE /api/project/{project}/defaultlayer/{default_layer}.json", MANAGERS),
    Deed("say which parts are shown", "POST /api/custom-ui/project/{project}.json", MANAGERS, body={}),
    Deed(
        "offer a filter",
        "POST /api/imagefilterproject.json",
        MANAGERS,
        body={"project": "{project}", "imageFilter": 11},
    ),
    Deed("offer a filter no longer", "DELETE /api/imagefilterproject/{filter}.json", MANAGERS),
    Deed("delete the project", "DELETE /api/project/{project}.json", MANAGERS),
]

IMAGES = [
    Deed(
        "add an image",
        "POST /api/imageinstance.json",
        CONTRIBUTORS,
        "USER",
        {"baseImage": "{elsewhere}", "project": "{project}"},
    ),
    Deed("rename an image", "PUT /api/imageinstance/{image}.json", OWNERS, "USER", {"instanceFilename": "renamed"}),
    Deed("calibrate an image", "PUT /api/imageinstance/{image}.json", OWNERS, "USER", {"physicalSizeX": 0.25}),
    Deed("remove an image", "DELETE /api/imageinstance/{image}.json", OWNERS, "USER"),
    Deed("remove a plane", "DELETE /api/sliceinstance/{plane}.json", OWNERS, "USER"),
    Deed("make a group", "POST /api/imagegroup.json", CONTRIBUTORS, "USER", {"name": "new", "project": "{project}"}),
    Deed("rename a group", "PUT /api/imagegroup/{group}.json", CONTRIBUTORS, "USER", {"name": "renamed"}),
    Deed("delete a group", "DELETE /api/imagegroup/{group}.json", CONTRIBUTORS, "USER"),
    Deed("put an image into a group", "POST /api/imagegroup/{group}/imageinstance/{image}.json", CONTRIBUTORS, "USER"),
    Deed("take an image out of it", "DELETE /api/imagegroup/{group}/imageinstance/{canvas}.json", CONTRIBUTORS, "USER"),
    Deed(
        "make a track", "POST /api/track.json", OWNERS, "USER", {"name": "new", "color": "#00FF00", "image": "{image}"}
    ),
    Deed("rename a track", "PUT /api/track/{track}.json", OWNERS, "USER", {"name": "renamed"}),
    Deed("delete a track", "DELETE /api/track/{track}.json", OWNERS, "USER"),
]

ANNOTATIONS = [
    Deed("draw", "POST /api/annotation.json", CONTRIBUTORS, body={"location": FAR, "image": "{canvas}"}),
    Deed(
        "draw as somebody else",
        "POST /api/annotation.json",
        "yes no no yes yes",
        body={"location": FAR, "image": "{canvas}", "user": "{other}"},
    ),
    Deed("draw it anew", "PUT /api/annotation/{annotation}.json", OWNERS, body={"location": FAR}),
    Deed("delete it", "DELETE /api/annotation/{annotation}.json", OWNERS),
    Deed("simplify it", "PUT /api/annotation/{annotation}/simplify.json", OWNERS),
    Deed("fill it", "POST /api/annotation/{annotation}/fill.json", OWNERS),
    Deed(
        "split it",
        "POST /api/atrisys/annotation/{annotation}/split.json",
        OWNERS,
        body={"location": "{across}"},
    ),
    Deed(
        "correct it",
        "POST /api/annotationcorrection.json",
        OWNERS,
        body={"location": "{across}", "image": "{canvas}", "annotation": "{annotation}", "remove": False},
    ),
    Deed(
        "repeat it",
        "POST /api/userannotation/{annotation}/repeat.json",
        OWNERS,
        body={"slice": "{canvas_plane}", "repeat": 1},
    ),
    Deed("give a term", "POST /api/annotation/{annotation}/term/{second_term}.json", OWNERS),
    Deed("take a term", "DELETE /api/annotation/{annotation}/term/{term}.json", OWNERS),
    Deed("give one term alone", "POST /api/annotation/{annotation}/term/{second_term}/clearBefore.json", OWNERS),
    Deed(
        "give many a term",
        "POST /api/atrisys/annotation/term.json",
        OWNERS,
        body={"annotations": ["{annotation}"], "term": "{second_term}"},
    ),
    Deed("delete many", "POST /api/atrisys/annotation/delete.json", OWNERS, body={"annotations": ["{annotation}"]}),
    Deed(
        "merge several",
        "POST /api/atrisys/annotation/merge.json",
        OWNERS,
        body={"annotations": ["{annotation}", "{tracked}"]},
    ),
    Deed(
        "put it on a track",
        "POST /api/annotationtrack.json",
        OWNERS,
        "USER",
        {"annotationIdent": "{annotation}", "track": "{canvas_track}"},
    ),
    Deed("take it off a track", "DELETE /api/annotationtrack/{tracked}/{trail}.json", OWNERS, "USER"),
    Deed(
        "comment it",
        "POST /api/userannotation/{annotation}/comment.json",
        OWNERS,
        "USER",
        {"comment": "Look.", "receivers": ["{alice}"]},
    ),
    Deed("read a comment", "GET /api/userannotation/{commented}/comment/{comment}.json", "mine mine mine mine yes"),
    Deed(
        "speak in its thread",
        "POST /api/atrisys/annotation/{annotation}/comment.json",
        CONTRIBUTORS,
        "USER",
        {"comment": "Look."},
    ),
    Deed("read its thread", "GET /api/atrisys/annotation/{annotation}/comment.json", ALL),
    Deed(
        "change words in a thread",
        "PUT /api/atrisys/annotationcomment/{said}.json",
        "own own no own own",
        "USER",
        {"comment": "Look again."},
    ),
    Deed(
        "take words out of a thread", "DELETE /api/atrisys/annotationcomment/{said}.json", "own own no yes yes", "USER"
    ),
    Deed(
        "link it",
        "POST /api/annotationlink.json",
        CONTRIBUTORS,
        "USER",
        {"annotationIdent": "{annotation}", "group": "{annotation_group}"},
    ),
    Deed(
        "make an annotation group",
        "POST /api/annotationgroup.json",
        CONTRIBUTORS,
        "USER",
        {"project": "{project}", "imageGroup": "{group}"},
    ),
    Deed("delete it", "DELETE /api/annotationgroup/{annotation_group}.json", CONTRIBUTORS, "USER"),
]

REVIEW = [
    Deed("start a review", "POST /api/imageinstance/{image}/review.json", OWNERS),
    Deed("accept", "POST /api/annotation/{to_accept}/review.json", "own own no own own", "USER", {}),
    Deed("reject", "DELETE /api/annotation/{rejectable}/review.json", "own own no own own", "USER"),
    Deed(
        "accept layers",
        "POST /api/imageinstance/{in_review}/annotation/review.json",
        "own own no own own",
        "USER",
        params={"users": "{alice}"},
    ),
    Deed("end a review", "DELETE /api/imageinstance/{in_review}/review.json", "own own no own yes", "USER"),
    Deed(
        "draw what was accepted anew",
        "PUT /api/reviewedannotation/{accepted}.json",
        "own own own own yes",
        "USER",
        {"location": FAR},
    ),
    Deed("delete what was accepted", "DELETE /api/reviewedannotation/{accepted}.json", "own own own own yes", "USER"),
]

ACTIVITY = [
    Deed(
        "say where one looks",
        "POST /api/imageinstance/{canvas}/position.json",
        ALL,
        body={f"{place}{side}{axis}": 9 for place in ("top", "bottom") for side in ("Left", "Right") for axis in "XY"}
        | {"zoom": 3},
    ),
    Deed("say what one opens", "POST /api/imageinstance/{canvas}/consultation.json", ALL, body={"mode": "view"}),
    Deed("say that one comes", "POST /api/project/{project}/userconnection.json", ALL, body={"project": "{project}"}),
    Deed(
        "say what one does",
        "POST /api/annotation_action.json",
        ALL,
        body={"annotationIdent": "{annotation}", "action": "select"},
    ),
    Deed("see activity", "GET /api/project/{project}/resumeActivity/{owner}.json", "own own own yes yes"),
    Deed(
        "see counts",
        "GET /api/user/{owner}/userannotation/count.json",
        "own own own yes yes",
        params={"project": "{project}"},
    ),
    Deed("see connections", "GET /api/project/{project}/connectionHistory/{owner}.json", "own own own yes yes"),
    Deed("see opened images", "GET /api/project/{project}/user/{owner}/imageconsultation.json", "own own own yes yes"),
    Deed("see a position", "GET /api/position/{position}.json", "mine mine mine yes yes"),
    Deed("see everybody's activity", "GET /api/project/{project}/usersActivity.json", MANAGERS),
    Deed("see last connections", "GET /api/project/{project}/lastConnection.json", MANAGERS),
]


def _said_of(kind: str, thing: str, cells: str, least: str) -> list[Deed]:
    """What is said of an object: written by who may edit it; descriptions and files by no guest."""
    here = f"/api/domain/{kind}/{{{thing}}}"
    more = "USER" if least == "GUEST" else least
    return [
        Deed(f"give {kind} a property", f"POST {here}/property.json", cells, least, {"key": "stain", "value": "HE"}),
        Deed(f"describe {kind}", f"POST {here}/description.json", cells, more, {"data": "words"}),
        Deed(f"tag {kind}", f"POST {here}/tag_domain_association.json", cells, least, {"tag": "{tag}"}),
        Deed(
            f"attach to {kind}",
            "POST /api/attachedfile.json",
            cells,
            more,
            sends_file=True,
            body={"domainClassName": kind, "domainIdent": f"{{{thing}}}"},
        ),
        Deed(f"read what is said of {kind}", f"GET {here}/property.json", ALL),
    ]


METADATA = [
    *_said_of("Project", "project", MANAGERS, "GUEST"),
    *_said_of("ImageInstance", "image", OWNERS, "USER"),
    *_said_of("UserAnnotation", "annotation", OWNERS, "GUEST"),
    *_said_of("Track", "track", OWNERS, "USER"),
    *_said_of("ImageGroup", "group", CONTRIBUTORS, "USER"),
]  # fmt: skip

DEEDS = [*SEEING, *PROJECT, *IMAGES, *ANNOTATIONS, *REVIEW, *ACTIVITY, *METADATA]
