from collections.abc import Iterable
from typing import Any

from atrisys.actions import history
from atrisys.store.tables import (
    AnnotationFilter,
    ImageFilterProject,
    Ontology,
    Project,
    ProjectDefaultLayer,
    ProjectMember,
)
from given.base import Base
from people import Person


class Projects(Base):
    def project(
        self,
        manager: Person,
        members: Iterable[Person] = (),
        ontology: Ontology | None = None,
        name: str = "",
        **settings: Any,
    ) -> Project:
        """A project with its manager (and representative) and contributors."""
        with self.writing() as db:
            row = Project(
                name=name or f"project {self.number()}",
                ontology_id=ontology.id if ontology else None,
                creator_id=manager.id,
                **settings,
            )
            history.add(db, self.maker, row)
            history.add(
                db,
                self.maker,
                ProjectMember(project_id=row.id, user_id=manager.id, is_manager=True, is_representative=True),
            )
            for member in members:
                history.add(db, self.maker, ProjectMember(project_id=row.id, user_id=member.id))
            return row

    def image_filter(self, project: Project, filter_id: int = 10) -> ImageFilterProject:
        with self.writing() as db:
            link = ImageFilterProject(project_id=project.id, image_filter_id=filter_id)
            return history.add(db, self.maker, link)

    def annotation_filter(self, project: Project, owner: Person, **values: Any) -> AnnotationFilter:
        with self.writing() as db:
            columns = {"name": f"filter {self.number()}", "users": [], "terms": [], **values}
            row = AnnotationFilter(project_id=project.id, user_id=owner.id, **columns)
            return history.add(db, self.maker, row)

    def default_layer(self, project: Project, person: Person) -> ProjectDefaultLayer:
        with self.writing() as db:
            return history.add(db, self.maker, ProjectDefaultLayer(project_id=project.id, user_id=person.id))

    def member(self, project: Project, person: Person) -> ProjectMember:
        with self.writing() as db:
            return history.add(db, self.maker, ProjectMember(project_id=project.id, user_id=person.id))

    def mode(self, project: Project, mode: str) -> None:
        """`CLASSIC`, `RESTRICTED` or `READ_ONLY`, from now on."""
        with self.writing() as db:
            flags = {"is_restricted": mode == "RESTRICTED", "is_read_only": mode == "READ_ONLY"}
            history.edit(db, self.maker, db.get_one(Project, project.id), **flags)
