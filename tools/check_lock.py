#!/usr/bin/env python3
"""The lock holds what pyproject.toml asks for: each requirement is pinned, with hashes, to a version that will do."""

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PIN = re.compile(r"^(?P<name>[\w.-]+)(?:\[[^]]*\])?==(?P<version>[^\s;\\]+)")


def pins(lock: Path) -> dict[str, set[str]]:
    """The versions that a lock names for each package; several where Python's version decides."""
    found: dict[str, set[str]] = {}
    for line in lock.read_text(encoding="utf-8").splitlines():
        if match := PIN.match(line):
            found.setdefault(canonicalize_name(match["name"]), set()).add(match["version"])
    return found


def unhashed(lock: Path) -> list[str]:
    """Entries of a lock that name no version or no hash."""
    entries = re.split(r"\n(?=\S)", lock.read_text(encoding="utf-8"))
    return [
        one.split()[0]
        for one in entries
        if one.strip() and not one.startswith("#") and not (PIN.match(one) and "--hash=sha256:" in one)
    ]


def asked_for(project: dict) -> Iterator[tuple[str, Requirement]]:
    """Each requirement, with the lock that must hold it."""
    own = project["project"]
    for text in own["dependencies"]:
        yield "runtime.txt", Requirement(text)
    groups = project.get("dependency-groups", {})
    extras = own.get("optional-dependencies", {})
    # Node has a lock of its own: it is installed only where the machine has none.
    here = [several for name, several in [*extras.items(), *groups.items()] if name != "node"]
    for text in [*own["dependencies"], *(one for several in here for one in several)]:
        yield "dev.txt", Requirement(text)
    for name in ("build", "node"):
        for text in groups.get(name, []):
            yield f"{name}.txt", Requirement(text)


def problems(root: Path = ROOT) -> list[str]:
    """What is not locked as it should be; empty when all is well."""
    folder = root / "requirements"
    held = {name: pins(folder / name) for name in ("runtime.txt", "dev.txt", "build.txt", "node.txt")}
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    found = []
    for lock, wanted in asked_for(project):
        versions = held[lock].get(canonicalize_name(wanted.name), set())
        if not versions or not all(wanted.specifier.contains(one, prereleases=True) for one in versions):
            has = f"has {', '.join(sorted(versions))}" if versions else "lacks it"
            found.append(f"pyproject.toml asks for {wanted}; requirements/{lock} {has}: run `make lock`")
    return found + [
        f"requirements/{one.name}: {name} has no hash" for one in folder.glob("*.txt") for name in unhashed(one)
    ]


if __name__ == "__main__":
    wrong = problems()
    print("\n".join(wrong) or "The lock holds what pyproject.toml asks for.")
    sys.exit(bool(wrong))
