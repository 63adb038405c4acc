"""Delete a project with all that is in it."""

from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.actions import history
from atrisys.actions.clear_annotations import clear_annotations
from atrisys.store.tables import (
    AnnotationFilter,
    ImageFilterProject,
    ImageInstance,
    Project,
    ProjectDefaultLayer,
    ProjectMember,
    SliceInstance,
)

IN_IT = (SliceInstance, ImageInstance, AnnotationFilter, ImageFilterProject, ProjectDefaultLayer, ProjectMember)


def delete_project(db: Session, caller: Caller, project: Project) -> None:
    """Its annotations, images and members go with it; the slides in their storages and the ontology stay."""
    clear_annotations(db, caller, lambda kind: kind.project_id == project.id)
    for kind in IN_IT:
        history.delete_where(db, caller, kind, kind.project_id == project.id)
    history.delete(db, caller, project)
