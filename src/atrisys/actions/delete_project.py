"""Delete a project with all that is in it."""

from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.actions import history
from atrisys.actions.clear_annotations import clear_annotations, read_again
from atrisys.store.tables import (
    AnnotationFilter,
    AnnotationGroup,
    ImageFilterProject,
    ImageGroup,
    ImageGroupImageInstance,
    ImageInstance,
    NestedImageInstance,
    Project,
    ProjectDefaultLayer,
    ProjectMember,
    SliceInstance,
    Track,
)

CONTENTS = (
    *(AnnotationGroup, ImageGroupImageInstance, ImageGroup, Track),
    *(
        NestedImageInstance,
        SliceInstance,
        ImageInstance,
        AnnotationFilter,
        ImageFilterProject,
        ProjectDefaultLayer,
        ProjectMember,
    ),
)
"""What stands on others before what it stands on."""


def delete_project(db: Session, caller: Caller, project: Project) -> None:
    """Its annotations, tracks, groups, images and members go with it; slides in storages and the ontology stay.

    Thousands of annotations go in steps, so that nobody waits for all of them. Raises NotFound where somebody else has
    deleted it meanwhile.
    """
    clear_annotations(db, caller, lambda kind: kind.project_id == project.id, in_steps=True)
    read_again(db, project)
    for kind in CONTENTS:
        history.delete_where(db, caller, kind, kind.project_id == project.id)
    history.delete(db, caller, project)
