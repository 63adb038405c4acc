#!/usr/bin/env python3
"""web/src/api/schema.ts: what the API's objects look like, made from the server's own OpenAPI document.

    python -m tools.client            says whether it is fresh; exit status 1 if not
    python -m tools.client --write    writes it anew (`make client`)

Only the objects are taken: what an operation answers is an envelope of them (decision 0009).
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


def objects() -> dict[str, object]:
    """The document without its operations."""
    from atrisys.app import create_app
    from atrisys.settings import Settings
    from atrisys.wire.openapi import document

    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(data=Path(folder), database_url=""))
        whole = document(app, "")
        app.state.store.close()
    schemas = untitled(dict(sorted(whole["components"]["schemas"].items())))
    return {"openapi": whole["openapi"], "info": whole["info"], "paths": {}, "components": {"schemas": schemas}}


def untitled(schema: Any) -> Any:
    """A schema without the titles that pydantic makes of the names: they would be half of the file."""
    if isinstance(schema, list):
        return [untitled(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: untitled(value) for key, value in schema.items() if key != "title" or not isinstance(value, str)}


def made() -> str:
    with tempfile.TemporaryDirectory() as folder:
        described, types = Path(folder) / "openapi.json", Path(folder) / "schema.ts"
        described.write_text(json.dumps(objects()), encoding="utf-8")
        npm = ["sh", "tools/npm.sh", "exec", "--", "openapi-typescript", str(described), "-o", str(types)]
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
