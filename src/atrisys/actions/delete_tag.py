"""Delete a tag."""

from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.actions import history
from atrisys.store.tables import Tag, TagDomainAssociation


def delete_tag(db: Session, caller: Caller, tag: Tag) -> None:
    """Whatever bears it loses it."""
    history.delete_where(db, caller, TagDomainAssociation, TagDomainAssociation.tag_id == tag.id)
    history.delete(db, caller, tag)
