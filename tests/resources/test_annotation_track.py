import pytest

from given.annotations import SQUARE


@pytest.fixture
def project(given, alice, bob):
    return given.project(alice, [bob])


@pytest.fixture
def image(given, project, alice):
    """Three planes in depth."""
    base = given.abstract_image(alice, planes=[(0, z, 0) for z in range(3)], depth=3)
    return given.image(project, alice, base)


@pytest.fixture
def slices(alice, image):
    listed = alice.get(f"/api/imageinstance/{image.id}/sliceinstance.json").json()["collection"]
    return [one["id"] for one in listed]


@pytest.fixture
def track(given, image):
    return given.track(image)


@pytest.fixture
def drawn(given, alice, image, slices):
    """One on the second plane."""
    return _draw(alice, slices[1])


def _draw(person, slice_id, **more):
    answer = person.post("/api/annotation.json", json={"location": SQUARE, "slice": slice_id, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()["annotation"]["id"]


def test_an_annotation_is_put_on_a_track_shown_and_taken_off(alice, bob, drawn, track, slices):
    body = {"annotationIdent": drawn, "annotationClassName": "any", "track": track.id}
    link = alice.post("/api/annotationtrack.json", json=body).json()["annotationtrack"]
    assert link["class"] == "be.cytomine.domain.ontology.AnnotationTrack"
    said = [link[key] for key in ("annotationIdent", "annotationClassName", "track", "slice")]
    assert said == [drawn, "be.cytomine.domain.ontology.UserAnnotation", track.id, slices[1]]
    address = f"/api/annotationtrack/{drawn}/{track.id}.json"
    assert bob.get(address).json() == link
    for path in (f"track/{track.id}", f"annotation/{drawn}"):
        assert bob.get(f"/api/{path}/annotationtrack.json").json()["collection"] == [link]
    shown = bob.get(f"/api/annotation/{drawn}.json").json()
    assert (shown["track"], shown["annotationTrack"]) == ([track.id], [{"id": link["id"], "track": track.id}])
    assert alice.delete(address).json()["annotationtrack"]["id"] == link["id"]
    assert alice.get(address).status_code == 404
    assert alice.get(f"/api/annotation/{drawn}.json").json()["track"] == []


def test_the_address_alone_says_it_all(alice, drawn, track):
    answer = alice.post(f"/api/annotationtrack/{drawn}/{track.id}.json", json={"track": 1, "annotationIdent": 2})
    assert answer.json()["annotationtrack"]["track"] == track.id


def test_a_track_has_one_annotation_on_a_slice(alice, bob, drawn, track, slices):
    assert alice.post(f"/api/annotationtrack/{drawn}/{track.id}.json").status_code == 200
    assert alice.post(f"/api/annotationtrack/{drawn}/{track.id}.json").status_code == 409
    second, third = _draw(bob, slices[1]), _draw(bob, slices[2])
    assert bob.post(f"/api/annotationtrack/{second}/{track.id}.json").status_code == 409
    assert bob.post(f"/api/annotationtrack/{third}/{track.id}.json").status_code == 200


def test_several_at_once_keep_the_good_ones(alice, slices, track):
    one, two, same = _draw(alice, slices[0]), _draw(alice, slices[1]), _draw(alice, slices[0])
    bodies = [{"annotationIdent": id, "track": track.id} for id in (one, two, same)]
    answer = alice.post("/api/annotationtrack.json", json=bodies)
    assert (answer.status_code, len(answer.json()["ids"])) == (206, 2)


def test_a_track_of_another_image_is_refused(given, alice, project, drawn):
    other = given.track(given.image(project, alice))
    assert alice.post(f"/api/annotationtrack/{drawn}/{other.id}.json").status_code == 400


def test_strangers_find_nothing(given, alice, charlie, drawn, track):
    alice.post(f"/api/annotationtrack/{drawn}/{track.id}.json")
    address = f"/api/annotationtrack/{drawn}/{track.id}.json"
    for method in ("get", "post", "delete"):
        assert getattr(charlie, method)(address).status_code == 404
    assert charlie.get(f"/api/track/{track.id}/annotationtrack.json").status_code == 404
    assert charlie.get(f"/api/annotation/{drawn}/annotationtrack.json").status_code == 404
    body = {"annotationIdent": drawn, "track": track.id}
    assert charlie.post("/api/annotationtrack.json", json=body).status_code == 404


def test_contributors_do_as_the_projects_mode_says_guests_nothing(given, alice, bob, project, drawn, track, slices):
    hers, his = f"/api/annotationtrack/{drawn}/{track.id}.json", _draw(bob, slices[0])
    own = f"/api/annotationtrack/{his}/{track.id}.json"
    given.mode(project, "RESTRICTED")
    assert bob.post(hers).status_code == 403
    assert bob.post(own).status_code == 200
    given.mode(project, "READ_ONLY")
    assert bob.delete(own).status_code == 403
    assert alice.delete(own).status_code == 200
    given.mode(project, "CLASSIC")
    assert bob.post(hers).status_code == 200
    guest = given.person("guest", role="ROLE_GUEST")
    given.member(project, guest)
    assert guest.delete(hers).status_code == 403
    assert guest.get(hers).status_code == 200


def test_links_on_hidden_layers_are_not_listed(given, alice, bob, project, drawn, track, slices):
    alice.post(f"/api/annotationtrack/{drawn}/{track.id}.json")
    his = _draw(bob, slices[0], track=[track.id])
    alice.put(f"/api/project/{project.id}.json", json={"hideAdminsLayers": True})
    listed = bob.get(f"/api/track/{track.id}/annotationtrack.json").json()["collection"]
    assert [one["annotationIdent"] for one in listed] == [his]
    assert bob.get(f"/api/annotationtrack/{drawn}/{track.id}.json").status_code == 404
    assert bob.get(f"/api/annotation.json?project={project.id}&track={track.id}").json()["size"] == 1


def test_what_lies_on_a_hidden_layer_takes_no_place_on_a_track_for_who_does_not_see_it(
    alice, bob, charlie, project, drawn, track, slices
):
    alice.post(f"/api/annotationtrack/{drawn}/{track.id}.json")
    alice.put(f"/api/project/{project.id}.json", json={"hideAdminsLayers": True})
    his = _draw(bob, slices[1])
    address = f"/api/annotationtrack/{his}/{track.id}.json"
    assert charlie.post(address).status_code == 404
    assert bob.post(address).status_code == 200
    again = {"location": SQUARE, "slice": slices[1], "track": track.id}
    assert bob.post("/api/annotation.json", json=again).status_code == 409
    assert alice.post("/api/annotation.json", json=again).status_code == 409
    assert bob.delete(address).status_code == 200
    assert bob.post("/api/annotation.json", json=again).status_code == 200


def test_undo_puts_no_second_annotation_on_a_slice_that_its_asker_sees(alice, bob, drawn, track, slices):
    address = f"/api/annotationtrack/{drawn}/{track.id}.json"
    alice.post(address)
    removed = alice.delete(address).json()["command"]
    _draw(bob, slices[1], track=[track.id])
    refused = alice.get(f"/api/command/{removed}/undo.json")
    assert (refused.status_code, refused.json()["code"]) == (409, "in_the_way")
    assert alice.get(address).status_code == 404


def test_it_is_undone_and_done_again(alice, drawn, track):
    address = f"/api/annotationtrack/{drawn}/{track.id}.json"
    alice.post(address)
    assert alice.get("/api/command/undo.json").status_code == 200
    assert alice.get(address).status_code == 404
    assert alice.get("/api/command/redo.json").status_code == 200
    assert alice.get(address).status_code == 200
    alice.delete(f"/api/annotation/{drawn}.json")
    assert alice.get(f"/api/track/{track.id}/annotationtrack.json").json()["size"] == 0
    assert alice.get("/api/command/undo.json").status_code == 200
    assert alice.get(address).status_code == 200


def test_an_annotation_is_drawn_onto_its_tracks_and_repeated_along_them(given, alice, image, slices, track):
    other = given.track(image, "nucleus 2")
    first = _draw(alice, slices[0], track=[track.id, other.id])
    assert alice.get(f"/api/annotation/{first}.json").json()["track"] == [track.id, other.id]
    answer = alice.post(f"/api/userannotation/{first}/repeat.json", json={"slice": slices[0], "repeat": 2})
    assert answer.status_code == 200, answer.text
    links = alice.get(f"/api/track/{track.id}/annotationtrack.json").json()["collection"]
    assert [one["slice"] for one in links] == slices


def test_what_cannot_be_drawn_onto_its_track_is_answered_alone(given, alice, charlie, project, slices, track):
    elsewhere = given.track(given.image(project, alice))
    hers = given.track(given.image(given.project(charlie), charlie))
    named = [track.id, track.id, elsewhere.id, hers.id]
    bodies = [{"location": SQUARE, "slice": slices[0], "track": id} for id in named]
    answer = alice.post("/api/annotation.json", json=bodies)
    assert (answer.status_code, len(answer.json()["ids"])) == (206, 1)
    statuses = [alice.post("/api/annotation.json", json=body).status_code for body in bodies]
    assert statuses == [409, 409, 400, 404]


def test_guests_draw_onto_no_track(given, project, slices, track):
    guest = given.person("guest", role="ROLE_GUEST")
    given.member(project, guest)
    body = {"location": SQUARE, "slice": slices[0]}
    assert guest.post("/api/annotation.json", json=body).status_code == 200
    assert guest.post("/api/annotation.json", json={**body, "track": [track.id]}).status_code == 403


# --- listings --------------------------------------------------------------------------------------------------------


def _listed(person, **query):
    answer = person.get("/api/annotation.json", params=query)
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["collection"]]


@pytest.fixture
def crowd(given, alice, image, slices, track):
    """By name: annotations on tracks, drawn from the deepest plane up."""
    other = given.track(image, "nucleus 2")
    return {
        "deep": _draw(alice, slices[2], track=[track.id]),
        "both": _draw(alice, slices[1], track=[track.id, other.id]),
        "high": _draw(alice, slices[0], track=[track.id]),
        "other": _draw(alice, slices[0], track=[other.id]),
        "none": _draw(alice, slices[0]),
        "tracks": (track.id, other.id),
    }


def test_listings_are_cut_by_tracks_and_run_along_them(alice, image, slices, crowd):
    first, second = crowd["tracks"]
    along = [crowd[name] for name in ("high", "both", "deep")]
    assert _listed(alice, image=image.id, track=first) == along
    assert _listed(alice, image=image.id, track=first, showTerm=True, showTrack=True, showSlice=True) == along
    assert _listed(alice, image=image.id, tracks=f"{first},{second}")[:2] == [crowd["other"], crowd["high"]]
    assert _listed(alice, image=image.id, noTrack=True) == [crowd["none"]]
    assert _listed(alice, image=image.id, multipleTrack=True) == [crowd["both"]]
    assert _listed(alice, image=image.id, track=second, noTrack=True, max=1) == [crowd["none"]]
    assert _listed(alice, image=image.id, tracks="") == []


def test_listings_are_cut_by_slices_before_and_after(alice, image, slices, crowd):
    first = crowd["tracks"][0]
    assert _listed(alice, image=image.id, track=first, beforeSlice=slices[1]) == [crowd["high"]]
    assert _listed(alice, image=image.id, track=first, afterSlice=slices[0]) == [crowd["both"], crowd["deep"]]
    assert _listed(alice, image=image.id, track=first, afterSlice=slices[0], sliceDimension="Z", max=1) == [
        crowd["both"]
    ]
    assert _listed(alice, image=image.id, track=first, afterSlice=slices[0], sliceDimension="T") == []
    wrong = alice.get("/api/annotation.json", params={"image": image.id, "sliceDimension": "X"})
    assert wrong.status_code == 400


def test_rows_tell_their_tracks_where_they_are_asked_to(alice, image, crowd):
    rows = alice.get(f"/api/annotation.json?image={image.id}&showTrack=true&showTerm=true").json()["collection"]
    told = {row["id"]: row["track"] for row in rows}
    assert told == {
        **{crowd[name]: [crowd["tracks"][0]] for name in ("deep", "high")},
        crowd["both"]: list(crowd["tracks"]),
        crowd["other"]: [crowd["tracks"][1]],
        crowd["none"]: [],
    }
    assert all([one["track"] for one in row["annotationTrack"]] == row["track"] for row in rows)


def test_terms_are_whole_where_rows_run_along_a_track(given, alice, project, image, slices, db):
    """Rows with several terms are mended; their ids do not fall there."""
    ontology = given.ontology(alice)
    alice.put(f"/api/project/{project.id}.json", json={"ontology": ontology.id})
    terms, track = [given.term(ontology, name).id for name in "ab"], given.track(image, "nucleus 3")
    ids = [_draw(alice, slices[z], track=[track.id], term=terms) for z in (2, 0, 1)]
    rows = alice.get(f"/api/annotation.json?image={image.id}&track={track.id}&showTerm=true").json()["collection"]
    assert [row["id"] for row in rows] == [ids[1], ids[2], ids[0]]
    assert [row["term"] for row in rows] == [terms] * 3


def test_a_track_or_slice_of_others_does_not_exist_for_a_listing(given, alice, charlie, image, crowd):
    hers = given.image(given.project(charlie), charlie)
    plane = charlie.get(f"/api/imageinstance/{hers.id}/sliceinstance.json").json()["collection"][0]["id"]
    for query in ({"track": given.track(hers).id}, {"tracks": given.track(hers, "b").id}, {"beforeSlice": plane}):
        assert alice.get("/api/annotation.json", params={"image": image.id, **query}).status_code == 404
