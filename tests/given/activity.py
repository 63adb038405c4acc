from typing import Any

from atrisys.store import ids
from atrisys.store.table import now_ms
from atrisys.store.tables import (
    AnnotationAction,
    ImageConsultation,
    ImageInstance,
    Project,
    ProjectConnection,
    UserPosition,
)
from given.base import Base
from people import Person


class Activity(Base):
    """What people did, at any time."""

    def _did(self, row: Any, ago_s: float) -> Any:
        with self.writing() as db:
            row.id, row.created = ids.take_ids(db)[0], now_ms() - round(ago_s * 1000)
            db.add(row)
            db.flush()
            return row

    def position(self, image: ImageInstance, person: Person, ago_s: float = 0, **columns: Any) -> UserPosition:
        said = {"x": 5.0, "y": 5.0, "zoom": 3, "rotation": 0.0, "broadcast": False, "slice_id": 0}
        location = "POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0))"
        return self._did(
            UserPosition(user_id=person.id, image_id=image.id, **{"location": location, **said, **columns}), ago_s
        )

    def consultation(self, image: ImageInstance, person: Person, ago_s: float = 0, **columns: Any) -> ImageConsultation:
        return self._did(ImageConsultation(user_id=person.id, image_id=image.id, **columns), ago_s)

    def connection(self, project: Project, person: Person, ago_s: float = 0, **columns: Any) -> ProjectConnection:
        said = {"last_seen": now_ms() - round(ago_s * 1000), **columns}
        return self._did(ProjectConnection(user_id=person.id, project_id=project.id, **said), ago_s)

    def action(self, image: ImageInstance, person: Person, ago_s: float = 0, **columns: Any) -> AnnotationAction:
        said = {"slice_id": 0, "annotation_ident": 1, "annotation_class_name": "x", "annotation_creator_id": 1}
        return self._did(
            AnnotationAction(user_id=person.id, image_id=image.id, **{"action": "select", **said, **columns}), ago_s
        )
