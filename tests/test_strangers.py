"""A walk over every route: as nobody, as strangers, from another site, with the key-born cookie. New ones included.

A new route needs nothing here as long as it answers as the house does: 401 to nobody, 404 to who may not see what it
names. What answers otherwise is named in strangers/excepted.py, with the reason.
"""

from collections.abc import Iterator

import anyio.from_thread
import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from atrisys.store.tables import Change, LoginSession, Ontology, SecUser
from browser import signed_in
from counting import statements
from people import Person
from strangers.addresses import SHARED, Ids, fill, kinds_in
from strangers.asking import Reference, references, sent_with
from strangers.excepted import EXCEPTED, FOR_ADMINISTRATORS, OPEN, WITHOUT_HEAD
from strangers.routes import SAFE, Way, ways
from strangers.walking import changes_of, found_in, told, undone, writes
from strangers.world import World, make_world


@pytest.fixture
def portal() -> Iterator[anyio.from_thread.BlockingPortal]:
    """One event loop for a whole walk."""
    with anyio.from_thread.start_blocking_portal("asyncio") as portal:
        yield portal


@pytest.fixture
def hers(given, tmp_path) -> World:
    """Alice's; she is an administrator while she says so, so that there is an admin session to open."""
    return make_world(given, "alice", tmp_path, "zeppelin", role="ROLE_ADMIN")


def closed(app) -> list[Way]:
    found = [way for way in ways(app) if not way.is_open]
    assert len(found) > 200
    return found


def ask(client: TestClient, portal, way: Way, ids: Ids, *others: Ids, **sent):
    """One request, without a cookie that an earlier answer left behind."""
    client.portal = portal
    client.cookies.clear()
    return client.request(way.method, fill(way.path, ids, *others), **sent)


def test_only_the_doors_that_are_named_here_are_open_to_all(app):
    assert {str(way) for way in ways(app) if way.is_open} == OPEN


# --- nobody ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def bad_credentials(app, hers) -> dict[str, dict[str, str]]:
    key, session = hers.owner.public_key, f"atrisys_session={signed_in(app, 'alice').cookies['atrisys_session']}"
    signed = {"authorization": f"CYTOMINE {key}:bm90IHRoZSBzaWduYXR1cmU=", "date": "Mon, 23 Nov 2026 22:04:02 +0000"}
    return {
        "nothing": {},
        "a wrong signature beside a valid session": {**signed, "cookie": session},
        "a wrong key beside a valid session": {"x-auth-token": key, "x-auth-secret": "no", "cookie": session},
    }


def test_nobody_comes_in_whatever_they_show_that_does_not_hold(app, store, hers, bad_credentials, nobody, portal):
    with statements(store) as seen:
        for name, headers in bad_credentials.items():
            for way in closed(app):
                answer = ask(nobody, portal, way, hers.ids, headers=headers, **sent_with(way, hers.ids))
                assert answer.status_code == 401, (name, str(way), answer.text)
                assert not found_in(answer, hers.secrets), (name, str(way))
    assert writes(seen) == []


@pytest.mark.parametrize("garbage", [str(2**63), "9" * 30, "..%2F%00'\"%F0%9F%94%AC"])
def test_garbage_for_ids_opens_nothing_and_breaks_nothing(app, nobody, charlie, portal, garbage):
    for way in closed(app):
        ids = dict.fromkeys(kinds_in(way.path), garbage)
        if ids:
            answer = ask(nobody, portal, way, ids)
            # 404 where no route takes such an id, so that nobody was asked who they are.
            assert answer.status_code == 401 or (answer.status_code == 404 and not garbage.isdecimal()), str(way)
            answer = ask(charlie, portal, way, ids)
            assert answer.status_code in (400, 403, 404, 405), (str(way), answer.text)


# --- strangers -------------------------------------------------------------------------------------------------------


def _expected(way: Way) -> int:
    names_something = set(kinds_in(way.path)) - set(SHARED)
    return EXCEPTED.get(str(way), 404 if names_something or way.method not in SAFE else 200)


@pytest.fixture(params=["who has nothing", "with a world of their own"])
def stranger(request, given, tmp_path) -> Person:
    if request.param == "who has nothing":
        return given.person("charlie")
    return make_world(given, "charlie", tmp_path, "quasar").owner


def test_a_stranger_cannot_tell_what_is_hers_from_what_does_not_exist(app, store, db, hers, stranger, portal):
    nothing, before = hers.unknown(), changes_of(db, hers)
    for way in closed(app):
        with undone(store):
            answer = ask(stranger, portal, way, hers.ids, **sent_with(way, hers.ids))
            assert answer.status_code == _expected(way), (str(way), answer.text)
            assert answer.status_code == 404 or changes_of(db, hers) == before, str(way)
        if answer.status_code == 404:
            other = ask(stranger, portal, way, nothing, **sent_with(way, nothing))
            assert told(answer, hers.ids) == told(other, nothing), str(way)
        else:
            assert not found_in(answer, hers.secrets), (str(way), answer.text)


def test_what_is_excepted_exists(app):
    assert set(EXCEPTED) <= {str(way) for way in closed(app)}


def test_she_herself_finds_all_of_it(app, store, hers, portal):
    """Without this the walks above would prove nothing."""
    seen = set()
    for way in closed(app):
        with undone(store):
            answer = ask(hers.owner, portal, way, hers.ids, **sent_with(way, hers.ids))
        assert answer.status_code in (200, 204, 400, 403, 405, 409), (str(way), answer.text)
        if way.method == "GET" and not kinds_in(way.path) and found_in(answer, hers.secrets):
            seen.add(way.path.removeprefix("/api/").removesuffix(".json"))
    assert seen >= {"project", "term", "ontology", "ontology_light", "storage", "uploadedfile", "abstractimage"}
    assert seen >= {"bounds/project", "project/method/lastopened", "atrisys/changes", "atrisys/job"}


def test_an_address_half_ones_own_and_half_hers_leads_nowhere(app, given, tmp_path, store, db, hers, portal):
    mine, nothing, before = make_world(given, "charlie", tmp_path, "quasar"), hers.unknown(), changes_of(db, hers)
    walked = 0
    for way in closed(app):
        kinds = kinds_in(way.path)
        places = [place for place, kind in enumerate(kinds) if kind not in SHARED]
        for place in places if len(places) > 1 else ():
            with undone(store):
                own = ask(mine.owner, portal, way, mine.ids, **sent_with(way, mine.ids))
                assert own.status_code != 404, (str(way), own.text)
            before_it = [mine.ids] * place
            answer = ask(mine.owner, portal, way, mine.ids, *before_it, hers.ids, **sent_with(way, mine.ids))
            other = ask(mine.owner, portal, way, mine.ids, *before_it, nothing, **sent_with(way, mine.ids))
            assert answer.status_code == 404, (str(way), kinds[place], answer.text)
            assert told(answer, hers.ids) == told(other, nothing), (str(way), kinds[place])
            walked += 1
    assert walked > 20
    assert changes_of(db, hers) == before


ANSWERED_ALIKE = {
    # Leaves out what would not be there anyway.
    "GET /api/annotation.json: excludedAnnotation",
    # Heeded of the other kind of annotations alone.
    *("PUT /api/annotation/{id}.json: term", "PUT /api/annotation/{id}.json: terms"),
    *("PUT /api/userannotation/{id}.json: term", "PUT /api/userannotation/{id}.json: terms"),
    "PUT /api/reviewedannotation/{id}.json: parent",
    # Known from the file's bytes, whatever is said.
    "PUT /api/uploadedfile/{id}.json: parent",
}
"""Words that are no 404, but say the same of what is hers and of what does not exist."""


def test_a_query_or_body_that_names_what_is_hers_is_answered_as_if_it_did_not_exist(
    app, given, tmp_path, store, db, hers, nobody, portal
):
    mine, nothing, before = make_world(given, "charlie", tmp_path, "quasar"), hers.unknown(), changes_of(db, hers)

    def answer_to(reference: Reference, theirs: Ids, **changed):
        with undone(store):
            answer = ask(mine.owner, portal, reference.way, mine.ids, **reference.sent(mine.ids, theirs) | changed)
            assert changes_of(db, hers) == before, str(reference)
        return answer

    found = list(references(nobody.get("/api/openapi.json").json(), ways(app)))
    assert len(found) > 80
    assert {str(one) for one in found} >= ANSWERED_ALIKE
    for one in found:
        own, answer, other = (answer_to(one, ids) for ids in (mine.ids, hers.ids, nothing))
        assert own.status_code in (200, 400, 403, 409), (str(one), own.text)
        assert told(answer, hers.ids) == told(other, nothing), str(one)
        assert (answer.status_code == 404) != (str(one) in ANSWERED_ALIKE), (str(one), answer.text)
        if one.takes_arrays and answer.status_code == 404:
            several = [answer_to(one, ids, json=[one.sent(mine.ids, ids)["json"]]) for ids in (hers.ids, nothing)]
            assert several[0].status_code == 400, (str(one), several[0].text)
            assert told(several[0], hers.ids) == told(several[1], nothing), str(one)


def test_who_shares_her_ontology_sees_nothing_else_of_her_world(app, given, db, hers, charlie, portal):
    shared = {"ontology", "term", "child", "link", "command"}
    given.project(charlie, name="another", ontology=db.get_one(Ontology, hers.ids["ontology"]))
    secrets = {str(id) for kind, id in hers.ids.items() if kind not in shared | set(SHARED)}
    secrets |= {f"{hers.mark} project", f"{hers.mark}.svs", f"{hers.mark} storage"}
    seen = 0
    for way in closed(app):
        if way.method != "GET":
            continue
        answer = ask(charlie, portal, way, hers.ids, **sent_with(way, hers.ids))
        if set(kinds_in(way.path)) - set(SHARED) <= shared:
            assert not found_in(answer, secrets), (str(way), answer.text)
            seen += answer.status_code == 200 and f"{hers.mark} tissue" in answer.text
        else:
            assert answer.status_code == 404, (str(way), answer.text)
    assert seen > 5


# --- other sites, other cookies --------------------------------------------------------------------------------------

ELSEWHERE = {"another site": {"sec-fetch-site": "cross-site"}, "nobody says whence": {}}


@pytest.fixture
def session(app, hers) -> str:
    return f"atrisys_session={signed_in(app, 'alice').cookies['atrisys_session']}"


def _state(db, hers: World):
    """What a GET could change without a line in the log as well."""
    db.expire_all()
    user = db.get_one(SecUser, hers.owner.id)
    sessions = db.scalars(select(LoginSession.token_hash).order_by(LoginSession.token_hash)).all()
    count = db.scalar(select(func.count()).select_from(Change))
    return user.admin_until, user.public_key, user.private_key, user.password_hash, user.version, sessions, count


def _secrets(db, hers: World, session: str) -> set[str]:
    user = db.get_one(SecUser, hers.owner.id)
    hashes = db.scalars(select(LoginSession.token_hash)).all()
    return {hers.owner.private_key, str(user.password_hash), session.partition("=")[2], *hashes, "secondaryKey"}


def test_a_get_from_another_site_changes_nothing_and_tells_no_secret(app, store, db, hers, session, nobody, portal):
    before, secrets, seen = _state(db, hers), _secrets(db, hers, session), 0
    headers = {"cookie": session, **ELSEWHERE["another site"]}
    for way in closed(app):
        if way.method != "GET":
            continue
        with statements(store) as sent:
            answer = ask(nobody, portal, way, hers.ids, headers=headers, **sent_with(way, hers.ids))
        assert writes(sent) == [], str(way)
        assert not found_in(answer, secrets), (str(way), answer.text)
        assert (answer.status_code == 403) == (way.counts_as_unsafe or str(way) in FOR_ADMINISTRATORS), str(way)
        seen += answer.status_code == 200
    assert seen > 80
    assert _state(db, hers) == before


def test_the_key_born_cookie_opens_pictures_and_downloads_alone(app, store, db, hers, nobody, portal):
    hers.owner.cookies.clear()
    hers.owner.get("/api/project.json")
    headers = {"cookie": f"atrisys_pictures={hers.owner.cookies['atrisys_pictures']}"}
    before, secrets, opened = _state(db, hers), _secrets(db, hers, "=no session"), 0
    for way in closed(app):
        with statements(store) as sent:
            answer = ask(nobody, portal, way, hers.ids, headers=headers, **sent_with(way, hers.ids))
        assert writes(sent) == [], str(way)
        assert not found_in(answer, secrets), (str(way), answer.text)
        opens = way.is_picture and not way.counts_as_unsafe and way.method in SAFE
        assert (answer.status_code == 200) if opens else (answer.status_code == 401), (str(way), answer.text)
        opened += opens
    assert opened > 50
    assert _state(db, hers) == before


def test_what_changes_something_is_refused_from_another_site(app, store, db, hers, session, nobody, portal):
    before, walked = _state(db, hers), 0
    for way in closed(app):
        if way.method in SAFE and not way.counts_as_unsafe:
            continue
        with statements(store) as sent:
            for place, headers in ELSEWHERE.items():
                asked = {"headers": {"cookie": session, **headers}, **sent_with(way, hers.ids)}
                answer = ask(nobody, portal, way, hers.ids, **asked)
                assert answer.status_code == 403, (place, str(way), answer.text)
        assert writes(sent) == [], str(way)
        walked += 1
        with undone(store):
            asked = {"headers": {"cookie": session, "sec-fetch-site": "same-origin"}, **sent_with(way, hers.ids)}
            answer = ask(nobody, portal, way, hers.ids, **asked)
            assert "another site" not in answer.text, (str(way), answer.text)
    assert walked > 80
    assert _state(db, hers) == before


@pytest.mark.parametrize(
    "headers",
    [
        {"cookie": f"atrisys_session={'A' * 43}; atrisys_pictures=101.9999999999.no"},
        {"authorization": "CYTOMINE"},
        {"authorization": "Basic YWxpY2U6Y29ycmVjdCBob3JzZQ=="},
        {"x-auth-secret": "no"},
    ],
)
def test_credentials_that_nobody_gave_out_are_none(hers, nobody, headers):
    for address in ("/api/user/current.json", fill("/api/imageinstance/{id}/thumb.{format}", hers.ids)):
        assert nobody.get(address, headers=headers).status_code == 401


@pytest.mark.parametrize(
    "headers", [{"sec-fetch-site": "same-site"}, {"origin": "https://elsewhere.example"}, {"origin": "null"}]
)
def test_a_neighbour_is_another_site_as_well(hers, session, nobody, headers):
    address = fill("/api/project/{id}.json", hers.ids)
    assert nobody.put(address, json={"name": "taken"}, headers={"cookie": session, **headers}).status_code == 403
    own = {"cookie": session, "origin": "http://testserver"}
    assert nobody.put(address, json={"name": "renamed"}, headers=own).status_code == 200


# --- HEAD ------------------------------------------------------------------------------------------------------------


def test_head_says_of_a_picture_what_get_says_without_the_picture(app, hers, portal):
    every = {str(way): way for way in closed(app)}
    without = {way.path for way in every.values() if way.is_picture and f"HEAD {way.path}" not in every}
    assert without == WITHOUT_HEAD
    for path in without:
        answer = hers.owner.head(fill(path, hers.ids))
        assert (answer.status_code, answer.content) == (405, b""), path
    for way in every.values():
        if way.method == "HEAD" and way.is_picture:
            got, answer = (
                ask(hers.owner, portal, every[f"{method} {way.path}"], hers.ids, **sent_with(way, hers.ids))
                for method in ("GET", "HEAD")
            )
            assert answer.status_code == got.status_code == 200, (str(way), got.text)
            assert answer.content == b"", str(way)
            for name in ("content-type", "content-length", "etag", "content-disposition", "cache-control"):
                assert answer.headers.get(name) == got.headers.get(name), (str(way), name)
