#!/usr/bin/env python3
"""The docs name everything: what code knows about settings, commands and routes stands in docs/, and is fresh.

    python -m tools.check_docs            says what is missing or stale; exit status 1 if anything is
    python -m tools.check_docs --write    writes the made parts anew (`make docs`)

A page in docs/ is written by hand around one made part, between two marks. Export formats are described by hand alone:
docs/exports.md must name every file of src/atrisys/exports/ that writes something.
"""

import argparse
import ast
import importlib
import inspect
import pkgutil
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType

import click
from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute, Mount

from tools import cytomine_routes

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
BEGIN, END = "<!-- made by `make docs` -->", "<!-- made until here -->"
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")


# --- what there is ---------------------------------------------------------------------------------------------------


def settings() -> list[tuple[str, str, str]]:
    """Every setting: its name, its default as one would write it, its sentence."""
    from atrisys.settings import Settings

    sentences = _sentences_under_fields(Settings)
    prefix = str(Settings.model_config.get("env_prefix", ""))
    return [
        (f"{prefix}{name}".upper(), _written(field.get_default(call_default_factory=True)), sentences.get(name, ""))
        for name, field in Settings.model_fields.items()
    ]


def _sentences_under_fields(model: type) -> dict[str, str]:
    tree = ast.parse(inspect.getsource(model)).body[0]
    assert isinstance(tree, ast.ClassDef)
    found = {}
    for field, below in zip(tree.body, tree.body[1:], strict=False):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = " ".join(text.split())
    return found


def _written(default: object) -> str:
    if isinstance(default, bool):
        return "1" if default else "0"
    return ",".join(map(str, default)) if isinstance(default, tuple) else str(default if default is not None else "")


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command of `atrisys` with the words that call it; groups themselves are no commands."""
    from atrisys.cli.main import main

    yield from _below("atrisys", main)


def _below(words: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield words, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        if (found := command.get_command(context, name)) and not found.hidden:
            yield from _below(f"{words} {name}", found)


def routes() -> list[tuple[str, str, str, str]]:
    """Every route: its chapter, method, path and sentence."""
    from atrisys.app import create_app
    from atrisys.settings import Settings

    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(data=Path(folder), database_url=""))
        found = sorted(set(_routes_in(app.routes, "")), key=lambda one: (one[0], one[2], one[1]))
        app.state.store.close()
    return found


def _routes_in(several: Sequence[BaseRoute], prefix: str) -> Iterator[tuple[str, str, str, str]]:
    for route in iter_route_contexts(several):
        path = prefix + (route.path_format or "")
        if isinstance(route.original_route, Mount):
            yield from _routes_in(route.original_route.routes, path)
            continue
        tags = getattr(route, "tags", None) or ["other"]
        text = (inspect.getdoc(route.endpoint) or "").split("\n\n")[0]
        for method in (route.methods or {"GET"}) - {"HEAD", "OPTIONS"}:
            yield str(tags[0]), method, path, " ".join(text.split())


def export_formats() -> list[str]:
    """The files of src/atrisys/exports/ that write something, by name."""
    package = importlib.import_module("atrisys.exports")
    modules = (
        importlib.import_module(f"{package.__name__}.{one.name}") for one in pkgutil.iter_modules(package.__path__)
    )
    return sorted(one.__name__.rpartition(".")[2] for one in modules if _writes(one))


def _writes(module: ModuleType) -> bool:
    own = (one for _, one in inspect.getmembers(module, inspect.isfunction) if one.__module__ == module.__name__)
    return any(one.__name__.startswith("write_") for one in own)


# --- the made parts --------------------------------------------------------------------------------------------------


def settings_part() -> str:
    rows = [_row(f"`{name}`", f"`{default}`" if default else "", text) for name, default, text in settings()]
    return "\n".join(["| setting | default | what it does |", "|---|---|---|", *rows])


def commands_part() -> str:
    return "\n\n".join(_chapter(words, command) for words, command in commands())


def _chapter(words: str, command: click.Command) -> str:
    names = [one.make_metavar(click.Context(command)) for one in command.params if isinstance(one, click.Argument)]
    lines = [f"## `{' '.join([words, *names])}`", "", _prose(command.help or "")]
    options = [one for one in command.params if isinstance(one, click.Option) and not one.hidden]
    if options:
        lines += ["", "| option | what it does |", "|---|---|", *map(_option_row, options)]
    return "\n".join(lines)


def _prose(text: str) -> str:
    """Click's help as Markdown: a paragraph that it keeps as it is (after \\b) is a block of code."""
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(f"```\n{one[2:]}\n```" if one.startswith("\b\n") else one for one in paragraphs)


def _option_row(option: click.Option) -> str:
    names = ", ".join([*option.opts, *option.secondary_opts])
    value = "" if option.is_flag or option.count else " " + (option.metavar or _kind(option.type))
    often = " (may be given more than once)" if option.multiple else ""
    return _row(f"`{names}{value}`", " ".join((option.help or "").split()) + often)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _kind(kind: click.ParamType) -> str:
    return " or ".join(map(str, kind.choices)) if isinstance(kind, click.Choice) else kind.name.upper()


def routes_part() -> str:
    lines: list[str] = []
    chapter = None
    for tag, method, path, text in routes():
        if tag != chapter:
            lines += ["", f"## {tag}", "", "| | path | |", "|---|---|---|"]
            chapter = tag
        lines.append(_row(method, f"`{path}`", text))
    return "\n".join(lines).strip()


def coverage_part() -> str:
    return cytomine_routes.coverage_part([(method, path) for _, method, path, _ in routes()])


PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings_part,
    "commands.md": commands_part,
    "api.md": routes_part,
    **({"cytomine-routes.md": coverage_part} if cytomine_routes.is_there() else {}),
}


# --- checking and writing --------------------------------------------------------------------------------------------


def with_made_part(page: str, made: str) -> str:
    """The page with its made part replaced; a page without marks gets it at its end."""
    part = f"{BEGIN}\n\n{made}\n\n{END}"
    if BEGIN not in page or END not in page:
        return f"{page.rstrip()}\n\n{part}\n".lstrip()
    before, _, rest = page.partition(BEGIN)
    return before + part + rest.partition(END)[2]


def problems() -> list[str]:
    """What docs/ lacks or says of yesterday's code; empty when all is well."""
    found = []
    for name, make in PAGES.items():
        page = DOCS / name
        text = page.read_text(encoding="utf-8") if page.exists() else ""
        if with_made_part(text, make()) != text:
            found.append(f"docs/{name} is not fresh: run `make docs`")
    found += [f"{name} has no sentence under it in settings.py" for name, _, text in settings() if not text]
    found += [f"`{words}` has no help text" for words, command in commands() if not command.help]
    found += [f"{method} {path} has no docstring" for _, method, path, text in routes() if not text]
    page = DOCS / "exports.md"
    named = page.read_text(encoding="utf-8").lower() if page.exists() else ""
    found += [f"docs/exports.md does not name `{one}`" for one in export_formats() if one not in named]
    return found + broken_links()


def broken_links() -> list[str]:
    """Links of our own pages to files that are not there."""
    pages = [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]
    targets = ((page, target) for page in pages for target in LINK.findall(page.read_text(encoding="utf-8")))
    return [
        f"{page.relative_to(ROOT)} links to {target}" for page, target in targets if not (page.parent / target).exists()
    ]


def write() -> None:
    for name, make in PAGES.items():
        page = DOCS / name
        text = page.read_text(encoding="utf-8") if page.exists() else ""
        page.write_text(with_made_part(text, make()), encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write the made parts anew")
    if parser.parse_args().write:
        write()
    wrong = problems()
    print("\n".join(wrong) or "The docs name everything.")
    sys.exit(bool(wrong))
