"""Sending and judging: a request that leaves nothing behind, an answer without what is another's."""

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from atrisys.store.session import Store
from atrisys.store.tables import Change
from strangers.addresses import SHARED, Ids
from strangers.world import World

WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")


@contextmanager
def undone(store: Store) -> Iterator[None]:
    """Whatever happens in here has not happened afterwards: the next request finds the world whole."""
    with store.session(writes=True) as around:
        around.connection()
        yield
        around.rollback()


def told(answer: Any, ids: Ids) -> tuple[int, str]:
    """What an answer says, but for the ids that were asked for, the time and the request's own number."""
    text = re.sub(r'"requestId":"[^"]*"|\b\d{13}\b', "", answer.text)
    for kind, id in ids.items():
        if kind not in SHARED:
            text = re.sub(rf"\b{re.escape(str(id))}\b", "…", text)
    return answer.status_code, text


def found_in(answer: Any, secrets: Collection[str]) -> set[str]:
    """Which of these are in an answer: numbers as whole numbers, words anywhere."""
    text = answer.content.decode("latin-1") + str(answer.headers)
    numbers = set(re.findall(r"\d+", text))
    return {secret for secret in secrets if (secret in numbers if secret.isdecimal() else secret in text)}


def changes_of(db: Session, world: World) -> int:
    """How often anything in a world was changed."""
    ids = [id for id in world.ids.values() if isinstance(id, int)]
    concerned = or_(Change.object_id.in_(ids), Change.container_id.in_(ids))
    return db.scalar(select(func.count()).select_from(Change).where(concerned)) or 0


def writes(statements: Collection[str]) -> list[str]:
    return [statement for statement in statements if statement.lstrip().upper().startswith(WRITES)]
