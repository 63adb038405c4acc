"""What each generation of Cytomine's clients signs, sent byte by byte as they send it."""

import email.utils
from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from atrisys.access.keys import signature_of
from atrisys.app import create_app
from atrisys.settings import Settings
from browser import signed_in

HOST = "http://testserver"
ME = "/api/user/current.json"


def date(off_s=0):
    """As the Python clients write it."""
    return (datetime.now(UTC) + timedelta(seconds=off_s)).strftime("%a, %d %b %Y %H:%M:%S +0000")


def signed(person, method, tail="", *, content_type="", when="", signs_type=None):
    """Headers of a request whose signed text ends in `tail`."""
    when = when or date()
    text = f"{method}\n\n{content_type if signs_type is None else signs_type}\n{when}{tail}"
    headers = {"date": when, "authorization": f"CYTOMINE {person.public_key}:{signature_of(person.private_key, text)}"}
    return {**headers, "content-type": content_type} if content_type else headers


def python_2_and_3(person, method, url, base=HOST, **more):
    """2.3.4 and 3.1.0: `/api/` and the URL without the address of the API, which they do not find in other URLs."""
    return signed(person, method, "\n/api/" + url.replace(f"{base}/api/", ""), **more)


@pytest.fixture
def client(app):
    return TestClient(app, raise_server_exceptions=False)


def another_app(store, settings, **changes):
    values = {"data": settings.data, "database_url": settings.database_url, **changes}
    return TestClient(create_app(Settings(**values), store), raise_server_exceptions=False)


def test_python_4_signs_no_address(client, alice):
    assert client.get(ME, headers=signed(alice, "GET")).json()["id"] == alice.id
    headers = signed(alice, "POST", content_type="application/json")
    answer = client.post("/api/ontology.json", content=b'{"name": "signed"}', headers=headers)
    assert answer.status_code == 200
    headers = signed(alice, "DELETE", content_type="application/json")
    path = f"/api/ontology/{answer.json()['ontology']['id']}.json"
    assert client.request("DELETE", path, content=b"", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "path", ["/api/project.json?max=0&offset=0", "/api/user.json?fullName%5Bilike%5D=a%20b&max=1", ME]
)
def test_python_2_and_3_sign_the_address_as_it_is_on_the_wire(client, alice, path):
    url = HOST + path
    assert client.get(url, headers=python_2_and_3(alice, "GET", url)).status_code == 200


@pytest.mark.parametrize("path", ["/session/admin/close.json", "/session/admin/info.json"])
def test_python_2_and_3_sign_the_whole_url_outside_of_the_api(client, alice, path):
    headers = signed(alice, "GET", f"\n/api/{HOST}{path}")
    assert client.get(HOST + path, headers=headers).status_code == 200


def test_python_2_and_3_sign_uploads_without_api(client, given, alice):
    path = f"/upload?idStorage={given.storage_of(alice).id}"
    headers = signed(alice, "POST", f"\n{path}", content_type="multipart/form-data; boundary=0123")
    answer = client.post(HOST + path, content=b"--0123--\r\n", headers=headers)
    # The form is empty, which is said to nobody whose signature does not hold.
    assert answer.status_code == 400
    assert client.post(f"{HOST}{path}0", content=b"--0123--\r\n", headers=headers).status_code == 401


@pytest.mark.parametrize("host", ["testserver:80", "testserver"])
def test_the_port_that_goes_without_saying_may_be_said(client, alice, host):
    headers = signed(alice, "GET", f"\n/api/http://{host}/session/admin/info.json")
    assert client.get(f"{HOST}/session/admin/info.json", headers=headers).status_code == 200


def test_a_question_mark_without_a_query_may_be_signed(client, alice):
    assert client.get(f"{ME}?", headers=signed(alice, "GET", f"\n{ME}?")).status_code == 200
    assert client.get(ME, headers=signed(alice, "GET", f"\n{ME}?")).status_code == 200


def test_the_ping_knows_who_signs_and_answers_in_any_case(client, alice):
    headers = python_2_and_3(alice, "GET", f"{HOST}/server/ping")
    assert client.get("/server/ping", headers=headers).json()["user"] == alice.id
    wrong = client.get("/server/ping", headers={"authorization": "CYTOMINE x:y", "date": date()})
    assert (wrong.status_code, wrong.json()["authenticated"]) == (200, False)


def test_the_web_page_dates_in_a_header_of_its_own_and_names_its_content_type_there(client, given, alice):
    when = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    headers = signed(alice, "GET", when=when)
    headers["datefull"] = headers.pop("date")
    assert client.get(ME, headers=headers).status_code == 200
    headers["content-type-full"] = "null"
    headers["content-type"] = "application/json"
    assert client.get(ME, headers=headers).status_code == 200
    upload = signed(alice, "POST", content_type="multipart/form-data", when=when)
    upload["datefull"] = upload.pop("date")
    upload |= {"content-type-full": "multipart/form-data", "content-type": "multipart/form-data; boundary=0123"}
    path = f"/upload?storage={given.storage_of(alice).id}"
    assert client.post(path, content=b"--0123--\r\n", headers=upload).status_code == 400


JAVA_DATES = ["%Mon, %23 %10 %2026 %22:%04:%02 +0000", "%Thu, %5 %3 %2024 %H:%M:%S", "gestern"]


@pytest.mark.parametrize("when", JAVA_DATES)
def test_java_signs_no_content_type_and_a_date_that_nobody_reads(client, alice, when):
    path = "/api/project.json?max=0&offset=0"
    headers = signed(alice, "GET", f"\n{path}", content_type="application/json", signs_type="", when=when)
    assert client.get(path, headers=headers).status_code == 200


@pytest.mark.parametrize("when", JAVA_DATES)
def test_strict_signatures_refuse_a_date_that_nobody_reads(store, settings, alice, when):
    strict = another_app(store, settings, strict_signatures=True)
    answer = strict.get(ME, headers=signed(alice, "GET", when=when))
    assert answer.status_code == 401
    assert when in answer.json()["errors"]
    assert strict.get(ME, headers=signed(alice, "GET")).status_code == 200


@pytest.mark.parametrize(("off_s", "status"), [(-850, 200), (850, 200), (-1000, 401), (1000, 401), (-86400 * 365, 401)])
def test_a_stale_date_is_refused_and_the_difference_named(client, alice, off_s, status):
    answer = client.get(ME, headers=signed(alice, "GET", when=date(off_s)))
    assert answer.status_code == status
    if status == 401:
        assert abs(answer.json()["params"]["off_s"] + off_s) <= 2
        assert str(answer.json()["params"]["off_s"]) in answer.json()["errors"]
        assert answer.json()["params"]["limit_s"] == 900


def test_a_date_in_another_time_zone_is_the_same_moment(client, alice):
    there = datetime.now(UTC).astimezone().strftime("%a, %d %b %Y %H:%M:%S %z")
    assert client.get(ME, headers=signed(alice, "GET", when=there)).status_code == 200
    assert client.get(ME, headers=signed(alice, "GET", when=email.utils.formatdate(usegmt=True))).status_code == 200


def test_a_signature_holds_for_its_own_request_alone(client, alice, bob):
    good = python_2_and_3(alice, "GET", HOST + ME)
    assert client.get(ME, headers=good).status_code == 200
    assert client.get("/api/user.json", headers=good).status_code == 401
    assert client.get(f"{ME}?max=1", headers=good).status_code == 401
    assert client.put(ME, headers=good).status_code == 401
    assert client.get(ME, headers={**good, "date": date(1)}).status_code == 401
    assert client.get(ME, headers={**good, "content-md5": "x"}).status_code == 401
    stolen = good["authorization"].replace(alice.public_key, bob.public_key)
    assert client.get(ME, headers={**good, "authorization": stolen}).status_code == 401


@pytest.mark.parametrize(
    "authorization",
    ["CYTOMINE", "CYTOMINE ", "CYTOMINE x", "CYTOMINE :", "CYTOMINE x:é", "cytomine x:y", "CYTOMINE {key}:"],
)
def test_what_is_no_signature_is_refused(client, alice, authorization):
    header = authorization.format(key=alice.public_key).encode("latin-1")
    assert client.get(ME, headers={"authorization": header, "date": date()}).status_code == 401


def test_a_wrong_signature_is_refused_beside_a_valid_cookie(client, app, alice):

    browser = signed_in(app, "alice")
    assert browser.get(ME).status_code == 200
    for wrong in (
        {"authorization": f"CYTOMINE {alice.public_key}:AAAA", "date": date()},
        {"x-auth-token": alice.public_key, "x-auth-secret": "wrong"},
        {"x-auth-token": alice.public_key},
        {"x-auth-secret": alice.private_key},
    ):
        assert browser.get(ME, headers=wrong).status_code == 401


def test_another_scheme_of_authorization_does_not_count(client, app, alice):

    browser = signed_in(app, "alice")
    assert browser.get(ME, headers={"authorization": "Basic YWxpY2U6eA=="}).status_code == 200
    assert client.get(ME, headers={"authorization": "Bearer abc"}).status_code == 401


@pytest.mark.parametrize("cut", [True, False])
def test_under_a_sub_path_the_old_clients_leave_it_out(store, settings, alice, cut):
    """`cut`: the proxy keeps the sub-path to itself."""
    there = another_app(store, settings, public_url="https://lab.example/atrisys")
    sent = "" if cut else "/atrisys"
    base = "https://lab.example/atrisys"
    for path in ("/api/project.json?max=0", "/session/admin/info.json"):
        old = python_2_and_3(alice, "GET", base + path, base=base)
        assert there.get(sent + path, headers=old).status_code == 200
        assert there.get(sent + path, headers=signed(alice, "GET")).status_code == 200
        java = signed(alice, "GET", f"\n/atrisys{path}")
        assert there.get(sent + path, headers=java).status_code == 200


def test_a_proxy_that_says_its_prefix_is_understood(store, settings, alice):
    proxied = another_app(store, settings, trusted_proxies="10.0.0.0/8")
    there = TestClient(proxied.app, client=("10.1.2.3", 1), raise_server_exceptions=False)
    said = {"x-forwarded-prefix": "/atrisys", "x-forwarded-host": "lab.example", "x-forwarded-proto": "https"}
    base = "https://lab.example/atrisys"
    for path in ("/api/project.json?max=0", "/session/admin/info.json"):
        headers = {**python_2_and_3(alice, "GET", base + path, base=base), **said}
        assert there.get(path, headers=headers).status_code == 200
        assert there.get(f"/atrisys{path}", headers=headers).status_code == 200


def test_a_doubled_slash_is_tolerated_whichever_way_it_is_signed(client, alice):
    for tail in ("", f"\n/{ME}", f"\n{ME}"):
        assert client.get(f"{HOST}/{ME}", headers=signed(alice, "GET", tail)).status_code == 200


def test_many_bad_keys_never_lock_out_a_good_one(client, alice):
    for _ in range(50):
        assert client.get(ME, headers={"authorization": f"CYTOMINE {alice.public_key}:x"}).status_code == 401
    assert client.get(ME, headers=signed(alice, "GET")).status_code == 200
