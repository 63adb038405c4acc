#!/usr/bin/env python3
"""A new step for the database: what the tables in code have and the newest migration lacks.

    python tools/migration.py "annotations remember their source"

Compares with an empty SQLite database brought to the newest step; writes the next numbered file under
store/migrations/versions/ and raises HEAD in store/upgrade.py. Read the file before you commit it: a machine cannot
tell a new name from a new thing.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import Script

from atrisys.settings import Settings
from atrisys.store import upgrade
from atrisys.store.session import Store


def write_migration(words: str) -> Path:
    """Compare, write the file, raise HEAD; the new file's path."""
    number = f"{int(upgrade.HEAD) + 1:04d}"
    config = Config()
    config.set_main_option("script_location", str(Path(upgrade.__file__).parent / "migrations"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.set_main_option("truncate_slug_length", "60")
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Settings(data=Path(folder), database_url=""))
        upgrade.prepare(store)
        with store.engine.connect() as connection:
            config.attributes["connection"] = connection
            script = command.revision(config, words, autogenerate=True, rev_id=number)
        store.close()
    assert isinstance(script, Script)
    _raise_head(number)
    path = Path(script.path)
    subprocess.run([sys.executable, "-m", "ruff", "format", "-q", path], check=True)
    subprocess.run([sys.executable, "-m", "ruff", "check", "-q", "--fix", path], check=True)
    return path


def _raise_head(number: str) -> None:
    source = Path(upgrade.__file__)
    text, found = re.subn(
        r'^HEAD = "\d+"$', f'HEAD = "{number}"', source.read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    if found != 1:
        sys.exit(f"{source} has no line HEAD = … to raise.")
    source.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("words", help="what changes, in a few words")
    print(write_migration(parser.parse_args().words))
