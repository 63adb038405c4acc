from functools import cache

from atrisys.access.caller import caller_for
from atrisys.access.passwords import hash_password
from atrisys.actions.add_user import add_user
from given.base import Base
from people import Person

hash_of = cache(hash_password)
"""A real hash takes an eighth of a second, on purpose: one for each person would double the time of all tests."""


class People(Base):
    def person(self, username: str = "", role: str = "ROLE_USER", password: str = "correct horse") -> Person:
        """An account and its client."""
        box = self.app.state.key_box
        with self.writing() as db:
            name, password_hash = username or f"user{self.number()}", hash_of(password)
            user = add_user(db, None, box, username=name, password_hash=password_hash, role=role)
            caller = caller_for(db, user, "signature", "api")
            return Person(self.app, caller, user.public_key, box.open(user.private_key, user.public_key))
