"""What each family stands on: the application and the store of the running test."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import FastAPI
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.store.session import Store


class Base:
    def __init__(self, app: FastAPI, store: Store) -> None:
        self.app, self.store = app, store
        self._numbers = itertools.count(1)
        self.maker = Caller(id=0, username="given", roles=frozenset({"ROLE_SUPER_ADMIN"}), door="command line")

    def number(self) -> int:
        return next(self._numbers)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        with self.store.writing() as db:
            yield db
