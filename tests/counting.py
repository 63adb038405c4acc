"""How many statements the database is asked: lists must not ask one for each row."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from atrisys.store import driver
from atrisys.store.session import Store


@contextmanager
def statements(store: Store) -> Iterator[list[str]]:
    """The statements that are sent while the block runs."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            seen.append(statement)

    engines = {store.engine, store.writers}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        with pytest.MonkeyPatch.context() as patch:
            for name in ("run", "run_many"):
                patch.setattr(driver, name, _noting(getattr(driver, name), seen))
            yield seen
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)


def _noting(run: Callable[..., Any], seen: list[str]) -> Callable[..., Any]:
    """What is handed to the driver past the framework, whose events tell nothing of it."""

    def noted(connection: Any, text: str, values: Any) -> Any:
        seen.append(text)
        return run(connection, text, values)

    return noted
