"""Objects as the change log keeps them, and what somebody who undoes may do to them now."""

from typing import Any

from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.access.require import (
    require_contributor,
    require_editor,
    require_manager,
    require_ontology_editor,
    require_storage,
    require_user,
)
from atrisys.access.visible import get_row, sees_layer
from atrisys.errors import NotFound
from atrisys.store.tables import Ontology, Project, Storage

State = dict[str, Any]
"""The columns of an object as the change log keeps them."""
COUNTED = frozenset({"version", "updated"})
"""Columns that change with each change."""


def changed(was: State, to: State) -> set[str]:
    """The columns in which two states of an object differ."""
    return {name for name in was.keys() & to.keys() if was[name] != to[name]} - COUNTED


class Judge:
    """Asks each right of one caller once, however many objects it is needed for."""

    def __init__(self, db: Session, caller: Caller) -> None:
        self.db, self.caller = db, caller
        self._passed: set[tuple[Any, ...]] = set()

    def layer(self, kind: str, state: State, project_id: int, owner_id: int) -> None:
        """What lies on somebody's layer: it must be seen, and may be edited there."""
        if (kind, project_id, owner_id) not in self._passed:
            self.sees(kind, state, project_id, owner_id)
            self.editor(project_id, owner_id)
            self._passed.add((kind, project_id, owner_id))

    def sees(self, kind: str, state: State, project_id: int, owner_id: int) -> None:
        if not sees_layer(self.db, self.caller, project_id, owner_id):
            raise NotFound("{kind} {id} was not found.", kind=kind, id=state["id"])

    def editor(self, project_id: int, owner_id: int | None) -> None:
        require_editor(self.db, self.caller, get_row(self.db, self.caller, Project, project_id), owner_id)

    def manager(self, project_id: int) -> None:
        require_manager(self.db, self.caller, get_row(self.db, self.caller, Project, project_id))

    def contributor(self, project_id: int) -> None:
        require_contributor(self.db, self.caller, get_row(self.db, self.caller, Project, project_id).id)

    def ontology_editor(self, ontology_id: int) -> None:
        require_user(self.caller)
        require_ontology_editor(self.db, self.caller, get_row(self.db, self.caller, Ontology, ontology_id))

    def storage(self, storage_id: int, permission: int) -> None:
        require_user(self.caller)
        require_storage(self.db, self.caller, get_row(self.db, self.caller, Storage, storage_id), permission)
