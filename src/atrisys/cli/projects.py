"""`atrisys project add` and `list`: a project with its ontology and members; which there are."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from atrisys.cli.installation import caller_of, data_option, find_user, first_administrator, opened
from atrisys.cli.speaking import json_option, print_json, print_rows
from atrisys.errors import Invalid

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from atrisys.store.tables import SecUser

ROLES = ("manager", "contributor")


@click.group()
@data_option
def project() -> None:
    """Projects: add one, list them."""


@project.command("add")
@click.argument("name")
@click.option(
    "--ontology",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE.json",
    help='The terms: {"name": …, "terms": [{"name": …, "color": "#rrggbb", "children": […]}]}.',
)
@click.option("--member", "members", multiple=True, metavar="USER:ROLE", help="A manager or contributor.")
@data_option
def add(name: str, ontology: Path | None, members: tuple[str, ...]) -> None:
    """Make a project and print JSON with its id.

    The first manager named becomes its representative and owns the ontology. Where no manager is named, the first
    administrator becomes one. An ontology that is there already, with the file's name and terms, is used again.

    \b
    Example:  atrisys project add "Breast cancer" --ontology terms.json \\
                  --member alice:manager --member bob:contributor
    """
    from atrisys.actions.add_project import add_project
    from atrisys.actions.import_ontology import import_ontology, read_sketch

    sketch = read_sketch(_read_json(ontology)) if ontology else None
    wanted = dict(_read_member(member) for member in members)
    with opened() as store, store.writing() as db:
        people = [(find_user(db, one), role == "manager") for one, role in wanted.items()]
        if not any(is_manager for _, is_manager in people):
            first = _stand_in(db)
            people = [(first, True), *((user, False) for user, _ in people if user.id != first.id)]
        caller = caller_of(db, next(user for user, is_manager in people if is_manager))
        terms = import_ontology(db, caller, sketch) if sketch else None
        row = add_project(
            db,
            caller,
            name=_read_name(name),
            ontology_id=terms.id if terms else None,
            owner_id=caller.id,
            managers=[user.id for user, is_manager in people if is_manager],
            contributors=[user.id for user, is_manager in people if not is_manager],
        )
        made = {"id": row.id, "name": row.name, "ontology": row.ontology_id}
    print_json(made)


@project.command("list")
@json_option
@data_option
def list_projects(as_json: bool) -> None:
    """Print the projects in the order of their names, as JSON, one line each; in a terminal as a table.

    \b
    Example:  atrisys project list --json
    """
    with opened() as store, store.reading() as db:
        print_rows(_projects(db), as_json=as_json)


def _projects(db: "Session") -> Iterator[dict[str, Any]]:
    from sqlalchemy import func, select

    from atrisys.store.tables import ImageInstance, Project, ProjectMember, SecUser

    of_image = select(ImageInstance.project_id, func.count()).group_by(ImageInstance.project_id)
    images: dict[int, int] = {row[0]: row[1] for row in db.execute(of_image)}
    members: dict[int, int] = {}
    managers: dict[int, list[str]] = {}
    people = select(ProjectMember.project_id, ProjectMember.is_manager, SecUser.username)
    people = people.join(SecUser, SecUser.id == ProjectMember.user_id).order_by(SecUser.username)
    for id, is_manager, name in db.execute(people):
        members[id] = members.get(id, 0) + 1
        if is_manager:
            managers.setdefault(id, []).append(name)
    for row in db.execute(select(Project.id, Project.name, Project.ontology_id).order_by(func.lower(Project.name))):
        inside: dict[str, Any] = {"images": images.get(row.id, 0), "members": members.get(row.id, 0)}
        inside["managers"] = managers.get(row.id, [])
        yield {"id": row.id, "name": row.name, "ontology": row.ontology_id, **inside}


def _read_json(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise Invalid("{file} is not JSON: {reason}.", file=str(file), reason=str(error)) from error


def _read_name(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= 255:
        raise Invalid("A project's name has 1 to 255 characters.")
    return name


def _read_member(text: str) -> tuple[str, str]:
    """`alice:manager`; a name may hold colons itself."""
    name, _, role = text.rpartition(":")
    if not name or role not in ROLES:
        raise Invalid("A member is written USER:manager or USER:contributor, not {text}.", text=text)
    return name, role


def _stand_in(db: "Session") -> "SecUser":
    user = first_administrator(db)
    if user is None:
        raise Invalid("A project needs a manager. Name one with: --member USER:manager")
    return user
