"""Delete a term with all that hangs on it."""

from sqlalchemy import or_
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.actions import history
from atrisys.store.tables import TERMS_OF, RelationTerm, Term


def delete_term(db: Session, caller: Caller, term: Term) -> None:
    """Its links to annotations and its place in the tree go with it; the annotations stay."""
    for link in TERMS_OF.values():
        history.delete_where(db, caller, link, link.term_id == term.id)
    history.delete_where(
        db, caller, RelationTerm, or_(RelationTerm.term1_id == term.id, RelationTerm.term2_id == term.id)
    )
    history.delete(db, caller, term)
