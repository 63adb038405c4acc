"""The docs are tested like code: they name everything, their links lead somewhere, nothing in them is one machine's."""

import re
import subprocess
from pathlib import Path

import pytest

from tools import check_docs, cytomine_routes

ROOT = Path(__file__).parents[1]
# In two parts, so that this file does not name what it looks for.
REGISTRIES = tuple(
    "".join(parts) for parts in [("pypi.", "org"), ("pythonhosted.", "org"), ("npmjs.", "org"), ("npmjs.", "com")]
)
A_MACHINES_PATHS = tuple("/" + name for name in ("work/", "root/", "home/", "Users/"))


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def test_every_setting_is_named_in_the_docs():
    names = [name for name, _, _ in check_docs.settings()]
    assert "ATRISYS_DATA" in names
    assert [name for name in names if f"`{name}`" not in page("settings.md")] == []


def test_every_command_and_each_of_its_options_is_named_in_the_docs():
    text = page("commands.md")
    named = dict(check_docs.commands())
    assert "atrisys serve" in named
    for words, command in named.items():
        assert f"## `{words}" in text
        chapter = text.split(f"## `{words}", 1)[1].split("\n## ", 1)[0]
        options = [name for one in command.params if one.param_type_name == "option" for name in one.opts]
        assert [name for name in options if name not in chapter] == [], words


def test_every_route_is_named_in_the_docs():
    found = check_docs.routes()
    assert any(path == "/server/ping" for _, _, path, _ in found)
    assert [path for _, _, path, _ in found if f"`{path}`" not in page("api.md")] == []


def test_every_export_format_is_named_in_the_docs():
    formats = check_docs.export_formats()
    assert "geojson" in formats
    assert [name for name in formats if name not in page("exports.md").lower()] == []


def test_the_made_parts_of_the_docs_are_fresh():
    assert check_docs.problems() == []


def test_a_link_to_a_page_that_is_not_there_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(check_docs, "ROOT", tmp_path)
    monkeypatch.setattr(check_docs, "DOCS", tmp_path / "docs")
    (tmp_path / "README.md").write_text(
        "[here](README.md), [there](docs/gone.md), [far](https://example.org), [up](#top)"
    )
    assert check_docs.broken_links() == ["README.md links to docs/gone.md"]


def test_a_made_part_replaces_the_old_one_and_leaves_the_words_around_it():
    first = check_docs.with_made_part("# Title\n\nWords.\n", "old")
    second = check_docs.with_made_part(first + "\nMore words.\n", "new")
    assert "old" not in second
    assert second.startswith("# Title\n\nWords.\n")
    assert second.endswith("\nMore words.\n")
    assert check_docs.with_made_part(second, "new") == second


def committed_files() -> list[Path]:
    """What is committed or would be with `git add`; without git (a plain copy), everything but the environments."""
    asked = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(asked, cwd=ROOT, check=False, capture_output=True)
    if listed.returncode == 0:
        names = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    else:
        names = [one for one in ROOT.rglob("*") if not {".venv", ".clients", "data", "node_modules"} & set(one.parts)]
    return [name for name in names if name.is_file()]


def test_no_file_names_a_package_registry_or_a_path_of_somebodys_machine():
    words = re.compile("|".join(map(re.escape, [*REGISTRIES, *A_MACHINES_PATHS])).encode())
    files = committed_files()
    assert ROOT / "Makefile" in files
    found = {str(one.relative_to(ROOT)): sorted(set(words.findall(one.read_bytes()))) for one in files}
    assert {name: what for name, what in found.items() if what} == {}


def states_of_routes() -> list[tuple[str, str]]:
    return re.findall(r"^\| [A-Z]+ \| `([^`]+)` \|.*\| ([^|]+) \|$", page("cytomine-routes.md"), re.MULTILINE)


@pytest.mark.skipif(not cytomine_routes.is_there(), reason="Cytomine's routes are listed beside the checkout")
def test_every_route_of_cytomine_has_its_state_and_what_is_left_out_its_reason():
    rows = states_of_routes()
    assert len(rows) > 600
    states = dict(rows)
    assert states["/api/project.json"] == states["/api/annotation/{id}.json"] == "served"
    assert all(state in ("served", "not yet") or state.split(" ", 1)[1] for state in states.values())
    assert not [path for path, state in rows if "retrieval" in path and state == "served"]


@pytest.mark.skipif(not cytomine_routes.is_there(), reason="Cytomine's routes are listed beside the checkout")
def test_every_route_that_a_client_asks_for_is_served_or_left_out_for_a_reason():
    rows = states_of_routes()
    assert len([path for path, state in rows if state == "served"]) > 400
    assert [path for path, state in rows if state == "not yet"] == []


def test_a_route_is_served_where_all_that_it_stands_for_is():
    ours = [("GET", "/api/{kind}/{id}/crop.{format}"), ("GET", "/api/tag.json")]
    served = cytomine_routes._Served(ours)
    assert served.has("GET", "/api/userannotation/{a}/crop.png")
    assert served.has("GET", "/api/tag.json?name=x")
    assert not served.has("POST", "/api/tag.json")
    assert not served.has("GET", "/api/tag/{id}.json")
