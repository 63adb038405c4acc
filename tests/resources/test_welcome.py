import pytest
from starlette.testclient import TestClient

from atrisys.app import create_app
from atrisys.settings import Settings
from page import Page


@pytest.mark.parametrize(
    ("said", "language"),
    [("", "en"), ("en-GB,en;q=0.8", "en"), ("zh-TW,zh;q=0.9,en;q=0.8", "zh-TW"), ("en,zh;q=0.5", "en")],
)
def test_the_first_page_speaks_the_readers_language(nobody, said, language):
    answer = nobody.get("/", headers={"accept-language": said})
    assert answer.status_code == 200
    page = Page(answer.text)
    assert page.all("html")[0]["lang"] == language
    assert "curl" in answer.text
    assert "Accept-Language" in answer.headers["vary"]


def test_the_language_can_be_chosen(nobody):
    assert "金鑰" in nobody.get("/?language=zh-TW").text
    assert "Your keys" in nobody.get("/?language=en", headers={"accept-language": "zh-TW"}).text


def test_it_leads_to_the_docs_and_every_link_of_it_holds(nobody):
    for language in ("en", "zh-TW"):
        page = Page(nobody.get(f"/?language={language}").text)
        targets = [link["href"] for link in [*page.all("a"), *page.all("link")] if not link["href"].startswith("data:")]
        assert "http://testserver/api/docs" in targets
        assert {nobody.get(target).status_code for target in targets} == {200}


def test_it_runs_no_script_and_loads_nothing_from_elsewhere(nobody):
    for path in ("/", "/api/docs"):
        answer = nobody.get(path)
        page = Page(answer.text)
        assert page.all("script") == []
        assert not [name for _, attributes in page.seen for name in attributes if name.startswith(("on", "style"))]
        loaded = [link["href"] for link in page.all("link")] + [image["src"] for image in page.all("img")]
        assert all(target.startswith(("http://testserver/", "data:")) for target in loaded)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "style-src 'self'" in policy
        assert "unsafe" not in policy


def test_what_a_client_calls_the_host_is_written_as_text(nobody):
    answer = nobody.get("/", headers={"host": 'x"><script>alert(1)</script>'})
    assert "<script>" not in answer.text


def test_the_style_is_kept_by_browsers_and_asked_for_again(nobody):
    answer = nobody.get("/style.css")
    assert answer.headers["content-type"].startswith("text/css")
    again = nobody.get("/style.css", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_under_a_sub_path_the_links_lead_there(settings, real_store):
    behind = Settings(data=settings.data, database_url=settings.database_url, public_url="https://lab.example/slides")
    client = TestClient(create_app(behind, real_store))
    page = Page(client.get("/slides/").text)
    assert {"https://lab.example/slides/api/docs"} <= {link["href"] for link in page.all("a")}
    assert client.get("/slides").status_code == 200
    assert client.get("/slides/style.css").status_code == 200


def test_head_answers_without_a_body(nobody):
    answer = nobody.head("/")
    assert (answer.status_code, answer.content) == (200, b"")
