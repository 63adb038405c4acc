"""Projects and who works in them."""

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from atrisys.store.table import Numbered, Table


def editing_mode(is_read_only: bool, is_restricted: bool) -> str:
    """What contributors may do: CLASSIC, RESTRICTED (their own work only) or READ_ONLY."""
    if is_read_only:
        return "READ_ONLY"
    return "RESTRICTED" if is_restricted else "CLASSIC"


class Project(Table):
    __tablename__ = "project"
    cytomine_class = "be.cytomine.domain.project.Project"
    container_column = "id"

    name: Mapped[str] = mapped_column(String(255), unique=True)
    ontology_id: Mapped[int | None] = mapped_column(ForeignKey("ontology.id"), index=True, default=None)
    blind_mode: Mapped[bool] = mapped_column(default=False)
    are_images_downloadable: Mapped[bool] = mapped_column(default=False)
    hide_users_layers: Mapped[bool] = mapped_column(default=False)
    hide_admins_layers: Mapped[bool] = mapped_column(default=False)
    is_closed: Mapped[bool] = mapped_column(default=False)
    is_read_only: Mapped[bool] = mapped_column(default=False)
    """With `is_restricted` the editing mode: neither is CLASSIC, both is READ_ONLY."""
    is_restricted: Mapped[bool] = mapped_column(default=False)
    unscaled_physical_size: Mapped[float | None] = mapped_column(default=None)
    """What a slide whose file says none gets here when it comes: µm for each level-0 pixel; None: nothing."""
    unscaled_magnification: Mapped[float | None] = mapped_column(default=None)
    creator_id: Mapped[int | None] = mapped_column(default=None)
    """Who made it; stays when that account is deleted."""

    @property
    def hides_layers(self) -> bool:
        """Whether contributors do not see what some others drew."""
        return self.hide_users_layers or self.hide_admins_layers

    @property
    def mode(self) -> str:
        return editing_mode(self.is_read_only, self.is_restricted)


class ProjectMember(Table):
    """A contributor of a project; a manager may do more, a representative is the manager to write to."""

    __tablename__ = "project_member"
    __table_args__ = (UniqueConstraint("user_id", "project_id"),)
    cytomine_class = "be.cytomine.domain.project.ProjectMember"
    container_column = "project_id"

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("sec_user.id"))
    is_manager: Mapped[bool] = mapped_column(default=False)
    is_representative: Mapped[bool] = mapped_column(default=False)


class ProjectDefaultLayer(Table):
    """A member's layer that is shown to whoever opens an image of the project, or expressly hidden at first."""

    __tablename__ = "project_default_layer"
    __table_args__ = (UniqueConstraint("project_id", "user_id"),)
    cytomine_class = "be.cytomine.domain.project.ProjectDefaultLayer"
    container_column = "project_id"

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("sec_user.id"), index=True)
    hide_by_default: Mapped[bool] = mapped_column(default=False)


class Invitation(Numbered):
    """A link by which somebody without an account gets one, as a member of a project. It is kept as a hash alone.

    Not in the change log, as little as sessions are: the account and the membership that come of it stand there.
    """

    __tablename__ = "invitation"
    cytomine_class = "atrisys.Invitation"

    token_hash: Mapped[str] = mapped_column(String(64), unique=True, info={"private": True})
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), index=True)
    inviter_id: Mapped[int] = mapped_column(ForeignKey("sec_user.id", ondelete="CASCADE"), index=True)
    expires: Mapped[int]
    username: Mapped[str] = mapped_column(String(255), default="")
    """What the inviter proposes; the invited may choose otherwise."""
    firstname: Mapped[str] = mapped_column(String(255), default="")
    lastname: Mapped[str] = mapped_column(String(255), default="")
    email: Mapped[str] = mapped_column(String(255), default="")
