#!/usr/bin/env python3
"""web/src/api/schema.ts: the API's routes and objects, made from the server's own OpenAPI document.

    python -m tools.client            says whether it is fresh; exit status 1 if not
    python -m tools.client --write    writes it anew (`make client`)

Routes are taken whose answer is described (src/atrisys/wire/described.py), pictures and downloads: the page calls no
other.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "web/src/api/schema.ts"


def described() -> dict[str, Any]:
    """The document with the routes of which it says what they answer."""
    from atrisys.app import create_app
    from atrisys.settings import Settings
    from atrisys.wire.openapi import document

    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(data=Path(folder), database_url=""))
        whole = document(app, "")
        app.state.store.close()
    paths = {path: _answering(methods) for path, methods in sorted(whole["paths"].items())}
    schemas = dict(sorted(whole["components"]["schemas"].items()))
    return {
        **{name: whole[name] for name in ("openapi", "info")},
        "paths": untitled({path: methods for path, methods in paths.items() if methods}),
        "components": {"schemas": untitled(schemas)},
    }


def _answering(methods: dict[str, Any]) -> dict[str, Any]:
    kept = ("operationId", "parameters", "requestBody")
    found = {}
    for method, operation in methods.items():
        answers = {status: said for status, said in operation["responses"].items() if _tells(method, status, said)}
        if answers:
            found[method] = {**{name: operation[name] for name in kept if name in operation}, "responses": answers}
    return _without_words(found)


def _tells(method: str, status: str, said: dict[str, Any]) -> bool:
    """Whether it is said what comes: an object, or nothing; a picture or a file has no content of which JSON speaks."""
    if "content" not in said:
        return status == "204" or (status == "200" and method == "get")
    return status == "200" and bool(said["content"].get("application/json", {}).get("schema"))


def _without_words(said: Any) -> Any:
    """The server's own page shows them."""
    if isinstance(said, list):
        return [_without_words(one) for one in said]
    if not isinstance(said, dict):
        return said
    return {key: "" if key == "description" else _without_words(value) for key, value in said.items()}


def untitled(schema: Any) -> Any:
    """A schema without the titles that pydantic makes of the names: they would be half of the file."""
    if isinstance(schema, list):
        return [untitled(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: untitled(value) for key, value in schema.items() if key != "title" or not isinstance(value, str)}


def made() -> str:
    with tempfile.TemporaryDirectory() as folder:
        document, types = Path(folder) / "openapi.json", Path(folder) / "schema.ts"
        document.write_text(json.dumps(described()), encoding="utf-8")
        npm = ["sh", "tools/npm.sh", "exec", "--", "openapi-typescript", str(document), "-o", str(types)]
        subprocess.run(npm, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        return types.read_text(encoding="utf-8")


def main() -> int:
    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument("--write", action="store_true", help="write it anew")
    fresh = made()
    if asked.parse_args().write:
        FILE.write_text(fresh, encoding="utf-8")
    elif not FILE.exists() or FILE.read_text(encoding="utf-8") != fresh:
        print("web/src/api/schema.ts is not fresh: run `make client`")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
