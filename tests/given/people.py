from atrisys.access.caller import caller_for
from atrisys.actions.add_user import add_user
from given.base import Base
from people import Person


class People(Base):
    def person(self, username: str = "", role: str = "ROLE_USER", password: str = "correct horse") -> Person:
        """An account and its client."""
        box = self.app.state.key_box
        with self.writing() as db:
            user = add_user(db, None, box, username=username or f"user{self.number()}", password=password, role=role)
            caller = caller_for(db, user, "signature", "api")
            return Person(self.app, caller, user.public_key, box.open(user.private_key, user.public_key))
