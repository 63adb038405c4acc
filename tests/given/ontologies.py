from atrisys.actions import history
from atrisys.store.tables import Ontology, Term
from given.base import Base
from people import Person


class Ontologies(Base):
    def ontology(self, owner: Person, name: str = "") -> Ontology:
        with self.writing() as db:
            row = Ontology(name=name or f"ontology {self.number()}", user_id=owner.id)
            return history.add(db, owner.caller or self.maker, row)

    def term(self, ontology: Ontology, name: str = "", color: str = "#FF0000") -> Term:
        with self.writing() as db:
            row = Term(name=name or f"term {self.number()}", ontology_id=ontology.id, color=color)
            return history.add(db, self.maker, row)
