import re

from fastapi.routing import iter_route_contexts

from page import Page

METHODS = {"get", "post", "put", "delete"}


def document(nobody):
    answer = nobody.get("/api/openapi.json")
    assert answer.status_code == 200
    return answer.json()


def operations(described):
    return [(path, method, one) for path, methods in described["paths"].items() for method, one in methods.items()]


def test_every_route_is_in_the_document_and_on_the_page(app, nobody):
    described, page = document(nobody), nobody.get("/api/docs").text
    there = {(path, method) for path, method, _ in operations(described)}
    for route in iter_route_contexts(app.routes):
        for method in METHODS & {one.lower() for one in route.methods}:
            assert (route.path_format, method) in there
            assert re.search(
                rf'<span class="verb {method}">[A-Z]+</span><span class="path">{re.escape(route.path_format)}<', page
            )


def test_the_document_is_whole(nobody):
    described = document(nobody)
    names = [one["operationId"] for _, _, one in operations(described)]
    assert len(names) == len(set(names))
    assert all(one["summary"] and one["tags"] for _, _, one in operations(described))
    known = {f"#/components/schemas/{name}" for name in described["components"]["schemas"]}
    assert set(re.findall(r"#/components/schemas/\w+", repr(described))) <= known
    assert {one["tags"][0] for _, _, one in operations(described)} == {tag["name"] for tag in described["tags"]}
    assert not any("422" in one["responses"] for _, _, one in operations(described))
    assert all("{}" not in tag["description"] for tag in described["tags"])


def test_it_says_what_a_term_is_made_of_and_looks_like(nobody):
    described = document(nobody)
    body = described["paths"]["/api/term.json"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert {"name", "ontology", "color"} == set(body["anyOf"][0]["required"])
    assert {"id", "class", "name", "ontology", "parent"} <= set(
        described["components"]["schemas"]["Term"]["properties"]
    )
    section = nobody.get("/api/docs").text.partition('id="term"')[2].partition("</section>")[0]
    for word in ("<code>color</code>", "required", "one object, or an array of them", ">Term<", "at most 255 signs"):
        assert word in section


def test_it_says_which_routes_need_no_key(nobody):
    described = document(nobody)
    open_ones = {path for path, _, one in operations(described) if one.get("security") == []}
    assert {
        "/",
        "/style.css",
        "/api/docs",
        "/api/openapi.json",
        "/server/ping",
        "/api/atrisys/session.json",
    } <= open_ones
    assert "/api/term.json" not in open_ones
    assert described["servers"] == [{"url": "http://testserver"}]
    assert {"publicKey", "privateKey", "signature", "session"} == set(described["components"]["securitySchemes"])


def test_the_page_is_well_formed_and_its_side_leads_to_every_part(nobody, charlie):
    answer = charlie.get("/api/docs")
    page = Page(answer.text)
    inner = {link["href"][1:] for link in page.all("a") if link["href"].startswith("#")}
    assert inner == {section["id"] for section in page.all("section")}
    assert nobody.get("/api/docs").text == answer.text


def test_it_says_what_a_route_answers(nobody):
    page = nobody.get("/api/docs").text
    assert "200: Page with <code>collection</code>: array of Term." in page
    assert "200: Command with <code>term</code>: Term, <code>data</code>: Term or Several." in page
