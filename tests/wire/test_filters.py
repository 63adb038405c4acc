import pytest
from sqlalchemy import literal, select
from starlette.requests import Request

from atrisys.errors import Invalid
from atrisys.store.tables import Term
from atrisys.wire import filters

COLUMNS = {"name": Term.name, "comment": Term.comment, "ontology": Term.ontology_id, "hidden": literal(False)}


@pytest.fixture
def names(given, db, alice):
    ontology = given.ontology(alice)
    for name, comment in (("Mitosis", "seen"), ("mitotic", None), ("100%", ""), ("a_b", "x\\y")):
        given.term(ontology, name)
        db.query(Term).filter_by(name=name).update({"comment": comment})
    db.commit()

    def names(query):
        scope = {"type": "http", "query_string": query.replace("{ontology}", str(ontology.id)).encode(), "headers": []}
        found = select(Term.name).where(*filters.conditions(Request(scope), COLUMNS)).order_by(Term.id)
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


@pytest.mark.parametrize("query", ["ontology[equals]=x", "ontology[in]=1,x", "hidden[equals]=perhaps"])
def test_a_value_that_does_not_fit_its_column_is_refused(names, query):
    with pytest.raises(Invalid, match="cannot be compared"):
        names(query)


def test_a_list_is_filtered_by_them_over_http(alice, bob):
    found = bob.get("/api/user.json?username%255Bilike%255D=al").json()["collection"]
    assert [row["username"] for row in found] == ["alice"]
