import gzip

import pytest
from starlette.testclient import TestClient

from atrisys.app import create_app
from atrisys.settings import Settings
from atrisys.wire import web_page
from page import Page

BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
ADDRESSES = (
    *("/", "/account", "/projects", "/project/7", "/project/7/members", "/project/7/activity", "/project/7/image/8"),
    *("/storage", "/ontologies", "/ontologies/7", "/admin", "/admin/jobs", "/admin/log"),
)
SCRIPT = b"console.log(1);" * 100


def _forget():
    web_page._index.cache_clear()
    web_page._file.cache_clear()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """What stands where the built page is looked for: at first nothing."""
    place = tmp_path / "web_page"
    monkeypatch.setattr(web_page, "_folder", lambda: place)
    _forget()
    yield place
    _forget()


@pytest.fixture
def built(folder):
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(
        '<html><head><base href="__BASE__"><meta property="csp-nonce" nonce="__NONCE__">'
        '<script type="module" src="./assets/index-a1.js"></script></head></html>'
    )
    (folder / "assets" / "index-a1.js").write_bytes(SCRIPT)
    (folder / "secret.txt").write_text("beside it")
    return folder


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_address_answers_the_page_to_a_browser(nobody, built, address):
    answer = nobody.get(address, headers=BROWSER)
    assert answer.status_code == 200
    assert Page(answer.text).all("base")[0]["href"] == "/"
    assert answer.headers["cache-control"] == "no-cache"
    assert nobody.head(address, headers=BROWSER).content == b""


def test_at_an_address_that_there_is_not_a_browser_gets_the_page_and_a_program_a_refusal(nobody, built):
    mistyped = nobody.get("/projetcs", headers=BROWSER)
    assert mistyped.status_code == 404
    assert Page(mistyped.text).all("base")[0]["href"] == "/"
    assert "default-src 'none'" in mistyped.headers["content-security-policy"]
    program, asks = nobody.get("/projetcs"), nobody.get("/api/projetcs.json", headers=BROWSER)
    for refused in (program, asks, nobody.post("/projetcs", headers=BROWSER)):
        assert refused.status_code == 404
        assert refused.json()["code"] == "not_found"


def test_a_program_and_who_asks_for_a_language_get_the_plain_first_page(nobody, built):
    assert "curl" in nobody.get("/").text
    assert "curl" in nobody.get("/?language=en", headers=BROWSER).text


def test_the_page_runs_its_own_scripts_alone(nobody, built):
    policies = [nobody.get("/projects", headers=BROWSER).headers["content-security-policy"] for _ in range(2)]
    for policy in policies:
        said = dict(part.strip().split(" ", 1) for part in policy.split(";"))
        assert said["default-src"] == said["frame-ancestors"] == "'none'"
        assert said["script-src"] == said["connect-src"] == said["base-uri"] == "'self'"
        assert "unsafe" not in policy
    assert policies[0] != policies[1]


def test_the_styles_nonce_is_the_one_of_the_policy(nobody, built):
    answer = nobody.get("/projects", headers=BROWSER)
    nonce = Page(answer.text).all("meta")[0]["nonce"]
    assert len(nonce) > 20
    assert f"style-src 'self' 'nonce-{nonce}'" in answer.headers["content-security-policy"]


def test_its_files_are_kept_for_good_and_packed_for_who_can_unpack(nobody, built):
    plain = nobody.get("/assets/index-a1.js", headers={"accept-encoding": "identity"})
    packed = nobody.get("/assets/index-a1.js", headers={"accept-encoding": "gzip"})
    assert plain.content == packed.content == SCRIPT
    assert int(packed.headers["content-length"]) == len(gzip.compress(SCRIPT, 9))
    for answer in (plain, packed):
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["content-type"].startswith("text/javascript")
        assert answer.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("name", ["none.js", "..%2Fsecret.txt", "..%2Findex.html", "%00", "%2E%2E%2Findex.html"])
def test_nothing_but_its_files_is_handed_out(nobody, built, name):
    answer = nobody.get(f"/assets/{name}")
    assert answer.status_code == 404
    assert "beside it" not in answer.text


def test_under_a_sub_path_it_finds_its_files(settings, real_store, built):
    behind = Settings(data=settings.data, database_url=settings.database_url, public_url="https://lab.example/slides")
    client = TestClient(create_app(behind, real_store))
    page = Page(client.get("/slides/project/7/image/8", headers=BROWSER).text)
    assert page.all("base")[0]["href"] == "/slides/"
    assert client.get("/slides/assets/index-a1.js").status_code == 200


def test_where_it_was_not_built_it_says_so(nobody, folder):
    assert "curl" in nobody.get("/", headers=BROWSER).text
    answer = nobody.get("/projects", headers=BROWSER)
    assert answer.status_code == 404
    assert "make setup" in answer.json()["errors"]
    assert nobody.get("/assets/index-a1.js").status_code == 404
