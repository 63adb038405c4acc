import pytest
from sqlalchemy import literal, select
from starlette.requests import Request

from atrisys.errors import Invalid, TooLarge
from atrisys.store.tables import Term
from atrisys.wire import filters

COLUMNS = {
    "name": Term.name,
    "comment": Term.comment,
    "ontology": Term.ontology_id,
    "hidden": literal(False),
    "tag": filters.tags_of(Term.id),
}


@pytest.fixture
def names(given, db, alice):
    ontology = given.ontology(alice)
    for name, comment in (("Mitosis", "seen"), ("mitotic", None), ("100%", ""), ("a_b", "x\\y")):
        given.term(ontology, name)
        db.query(Term).filter_by(name=name).update({"comment": comment})
    db.commit()

    def names(query):
        scope = {"type": "http", "query_string": query.replace("{ontology}", str(ontology.id)).encode(), "headers": []}
        found = select(Term.name).where(*filters.conditions(Request(scope), COLUMNS.get)).order_by(Term.id)
        return list(db.scalars(found))

    return names


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["Mitosis", "mitotic", "100%", "a_b"]),
        ("name[equals]=Mitosis", ["Mitosis"]),
        ("name[nequals]=Mitosis", ["mitotic", "100%", "a_b"]),
        ("comment[nequals]=seen", ["mitotic", "100%", "a_b"]),
        ("name[ilike]=MITO", ["Mitosis", "mitotic"]),
        ("name[ilike]=mi*tic", ["mitotic"]),
        ("name[ilike]=%25", ["100%"]),
        ("name[ilike]=_", ["a_b"]),
        ("comment[ilike]=x%5Cy", ["a_b"]),
        ("name[in]=Mitosis,a_b", ["Mitosis", "a_b"]),
        ("name[in]=", []),
        ("comment[in]=null,seen", ["Mitosis", "mitotic"]),
        ("comment[equals]=null", ["mitotic"]),
        ("comment[nequals]=null", ["Mitosis", "100%", "a_b"]),
        ("ontology[equals]={ontology}&name[gte]=a", ["mitotic", "a_b"]),
        ("ontology[lte]=0", []),
        ("name%255Bilike%255D=mito%252A", ["Mitosis", "mitotic"]),
        ("name%5Bequals%5D=a_b&name%5Bequals%5D=Mitosis", []),
        ("hidden[equals]=TRUE", []),
        ("unknown[equals]=1&name[sounds]=x&name=y", ["Mitosis", "mitotic", "100%", "a_b"]),
    ],
)
def test_a_filter_keeps_what_fits(names, query, expected):
    assert names(query) == expected


@pytest.mark.parametrize(
    "query",
    [
        "ontology[equals]=x",
        "ontology[in]=1,x",
        "ontology[equals]=9223372036854775808",
        "ontology[lte]=" + 5000 * "9",
        "ontology[ilike]=1",
        "hidden[equals]=perhaps",
        "hidden[like]=true",
        "name[ilike]=" + 1025 * "x",
        "name[equals]=a%00b",
        "name[in]=a,%2500",
        "name[ilike]=%00",
        "tag[ilike]=a",
        "tag[gte]=1",
        "tag[in]=a",
    ],
)
def test_a_value_that_does_not_fit_its_column_is_refused(names, query):
    with pytest.raises(Invalid, match="cannot be compared"):
        names(query)


def test_a_list_is_filtered_by_them_over_http(alice, bob):
    found = bob.get("/api/user.json?username%255Bilike%255D=al").json()["collection"]
    assert [row["username"] for row in found] == ["alice"]


@pytest.mark.parametrize("query", [51 * "name[equals]=a&", "ontology[in]=" + 5001 * "1,"])
def test_more_than_a_query_may_hold_is_refused(names, query):
    with pytest.raises(TooLarge, match="At most"):
        names(query)


def test_as_many_as_a_query_may_hold_are_answered(names):
    assert names(50 * "name[equals]=a_b&") == ["a_b"]
    assert names("ontology[in]={ontology}," + 4998 * "1," + "1") == ["Mitosis", "mitotic", "100%", "a_b"]
    assert names("name[ilike]=" + 1023 * "*" + "b") == ["a_b"]


def test_tags_are_asked_for_by_any_of_them_and_by_none(given, names, db, alice):
    first, second = given.tag(alice), given.tag(alice)
    for name, tags in (("Mitosis", [first]), ("a_b", [first, second])):
        for tag in tags:
            given.tagged(db.query(Term).filter_by(name=name).one(), tag)
    assert names(f"tag[in]={first.id},{second.id}") == ["Mitosis", "a_b"]
    assert names(f"tag[equals]={second.id}") == ["a_b"]
    assert names(f"tag[in]=null,{second.id}") == ["mitotic", "100%", "a_b"]
    assert names("tag[equals]=null") == ["mitotic", "100%"]
    assert names(f"tag[nequals]={second.id}") == ["Mitosis", "mitotic", "100%"]
    assert names("tag[nequals]=null") == ["Mitosis", "a_b"]


def test_what_rows_keep_to_themselves_filters_nothing(ada, alice, bob):
    hers = bob.get(f"/api/user.json?publicKey[equals]={alice.public_key}").json()
    assert hers["size"] == bob.get("/api/user.json").json()["size"] > 1
    for column in ("passwordHash", "privateKey", "passwordExpired", "keysRenewed", "adminUntil", "email"):
        assert bob.get(f"/api/user.json?{column}[equals]=null").json()["size"] == hers["size"]
    assert ada.get("/api/user.json?email[equals]=nobody").json()["size"] == 0


def test_filters_page_and_sort_together(given, alice, charlie):
    ontology = given.ontology(alice)
    for name in ("b1", "a1", "c1", "a2"):
        given.term(ontology, name)
    page = alice.get("/api/term.json?name[ilike]=1&sort=name&max=2&offset=1").json()
    assert ([row["name"] for row in page["collection"]], page["size"], page["totalPages"]) == (["b1", "c1"], 3, 2)
    assert charlie.get("/api/term.json?name[ilike]=1").json()["size"] == 0
    refused = alice.get("/api/term.json?created[gte]=yesterday")
    assert (refused.status_code, refused.json()["message"]) == (400, "created cannot be compared with yesterday.")


@pytest.mark.parametrize(
    ("kind", "column"),
    [
        ("ontology", "name"),
        ("term", "name"),
        ("storage", "name"),
        ("tag", "name"),
        ("uploadedfile", "originalFilename"),
    ],
)
def test_each_list_is_filtered_by_what_its_rows_show(given, alice, charlie, kind, column):
    ontology = given.ontology(alice, name="x mark")
    given.ontology(alice, name="other")
    given.term(ontology, "x mark"), given.term(ontology, "other")
    given.storage(alice, "x mark"), given.tag(alice, "x mark"), given.tag(alice, "other")
    given.uploaded_file(alice, original_filename="x mark"), given.uploaded_file(alice)
    address = f"/api/{kind}.json?{column}[ilike]=X*K&created[gte]=1&created[lte]=99999999999999"
    rows = alice.get(address).json()["collection"]
    assert [row[column] for row in rows] == ["x mark"]
    assert alice.get(f"{address}&user[in]={alice.id}" if kind != "term" else address).json()["size"] == 1
    assert charlie.get(address).json()["size"] == (1 if kind == "tag" else 0)
