"""Refusals in Traditional Chinese: every text that any floor raises has its translation, place by place."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter

import orjson
import pytest

import atrisys
from atrisys import errors
from atrisys.wire import words

SOURCES = Path(atrisys.__file__).parent
WORDS = orjson.loads((SOURCES / "wire" / "words_zh_tw.json").read_bytes())
CLASSES = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, errors.Refusal)}
PASSED_ON = {"failure.template", "missing.template", "template"}
"""Arguments that carry the text of a refusal that was raised, and collected, elsewhere."""
NOTHING_TO_SAY = {"{reason}", "{detail}"}
"""Texts that say what somebody else has said, word for word."""
OWN_PARAMS = {"TooManyTries": {"wait_s"}}
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True)
class Raised:
    """One place where a refusal is made. `text` is None where it cannot be told from the source."""

    where: str
    argument: str
    text: str | None
    given: frozenset[str] | None
    """The names of its parameters; None where some come as `**params`."""


def places(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


def constants_of(module: ast.Module) -> dict[str, list[str]]:
    """The texts that a module keeps under a name of its own, alone or in a dictionary."""
    found: dict[str, list[str]] = {}
    for node in module.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            values = node.value.values if isinstance(node.value, ast.Dict) else [node.value]
            texts = [value.value for value in values if isinstance(value, ast.Constant)]
            if len(texts) == len(values):
                found[node.targets[0].id] = [text for text in texts if isinstance(text, str)]
    return found


def texts_of(argument: ast.expr, constants: dict[str, list[str]]) -> list[str | None]:
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        return [argument.value]
    if isinstance(argument, ast.IfExp):
        return [*texts_of(argument.body, constants), *texts_of(argument.orelse, constants)]
    if isinstance(argument, ast.Call) and isinstance(argument.func, ast.Attribute) and argument.func.attr == "get":
        kept = texts_of(argument.func.value, constants)
        return [*kept, *(text for default in argument.args[1:] for text in texts_of(default, constants))]
    named = argument.value if isinstance(argument, ast.Subscript) else argument
    if isinstance(named, ast.Name) and named.id in constants:
        return list(constants[named.id])
    return [None]


def refusals_in(path: Path, classes: set[str]) -> Iterator[Raised]:
    module = ast.parse(path.read_text(encoding="utf-8"))
    constants = constants_of(module)
    for node in ast.walk(module):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name not in classes:
            continue
        keywords = [keyword.arg for keyword in node.keywords]
        given = None if None in keywords else frozenset(filter(None, keywords)) | OWN_PARAMS.get(name, set())
        where = f"{path.relative_to(SOURCES)}:{node.lineno}"
        for text in texts_of(node.args[0], constants):
            yield Raised(where, ast.unparse(node.args[0]), text, given)


def classes_in(paths: list[Path]) -> set[str]:
    """The refusals of errors.py and what other modules derive from them."""
    found = set(CLASSES)
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in paths]
    kinds = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    while True:
        more = {kind.name for kind in kinds if any(getattr(base, "id", "") in found for base in kind.bases)} - found
        if not more:
            return found
        found |= more


@cache
def all_raised() -> list[Raised]:
    paths = sorted(path for path in SOURCES.rglob("*.py") if path.name != "errors.py")
    classes = classes_in(paths)
    return [raised for path in paths for raised in refusals_in(path, classes)]


def all_texts() -> set[str]:
    return {raised.text for raised in all_raised() if raised.text is not None} - NOTHING_TO_SAY


def test_the_sources_hold_refusals():
    assert len(all_texts()) > 250


def test_every_refusal_is_a_text_that_can_be_translated():
    """Neither an f-string nor anything else that is known only when it runs."""
    odd = [f"{one.where} {one.argument}" for one in all_raised() if one.text is None and one.argument not in PASSED_ON]
    assert odd == []


def test_every_refusal_is_there_in_chinese():
    assert sorted(all_texts() - set(WORDS)) == []


def test_no_translation_is_left_of_a_text_that_nobody_says_any_more():
    assert sorted(set(WORDS) - all_texts()) == []


def test_a_translation_has_the_places_of_its_text():
    assert [text for text, chinese in WORDS.items() if places(text) != places(chinese)] == []


def test_a_translation_is_chinese():
    assert [text for text, chinese in WORDS.items() if not CHINESE.search(chinese) and text != "{name}: {reason}"] == []


def test_whoever_raises_a_refusal_fills_its_places():
    """Else people read the names of the places."""
    unfilled = [
        f"{one.where} {sorted(missing)}"
        for one in all_raised()
        if one.text is not None and one.given is not None and (missing := places(one.text) - one.given)
    ]
    assert unfilled == []


@pytest.mark.parametrize(
    ("accept_language", "chinese"),
    [
        ("zh-TW", True),
        ("zh-Hant-TW,zh;q=0.9,en;q=0.8", True),
        ("ZH", True),
        ("de,zh-TW;q=0.5,en;q=0.4", True),
        ("en,zh-TW;q=0.9", False),
        ("zh-TW;q=0,en", False),
        ("zh;q=0.5,en;q=0.5", False),
        ("zh;q=much", False),
        ("*", False),
        ("", False),
        (None, False),
        ("," * 10_000 + "zh", False),
    ],
)
def test_the_language_is_the_one_that_the_reader_prefers(accept_language, chinese):
    said = words.say("An object is expected.", {}, accept_language)
    assert said == ("此處應為物件。" if chinese else "An object is expected.")


def test_what_a_user_typed_is_filled_in_as_it_is():
    said = words.say("There is nothing at {path}.", {"path": "/{kind}/{0}"}, "zh-TW")
    assert said == "/{kind}/{0} 沒有任何內容。"


def test_a_text_without_a_translation_is_said_in_english():
    assert words.say("{detail}", {"detail": "Teapot"}, "zh-TW") == "Teapot"


def test_a_refusal_over_http_is_chinese_for_who_asks_so(alice):
    path = "/api/term/4711.json"
    english = alice.get(path).json()
    chinese = alice.get(path, headers={"accept-language": "zh-TW,zh;q=0.9,en;q=0.5"}).json()
    assert english["errors"] == english["message"] == "Term 4711 was not found."
    assert chinese["errors"] == chinese["message"] == "找不到 Term 4711。"
    assert (chinese["code"], chinese["params"]) == (english["code"], english["params"])


def test_answers_say_that_they_depend_on_the_language(alice):
    assert "accept-language" in alice.get("/api/term/4711.json").headers["vary"].lower()
