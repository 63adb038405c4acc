from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from atrisys.actions import history
from atrisys.store.tables import (
    AbstractImage,
    AbstractSlice,
    ImageGroup,
    ImageGroupImageInstance,
    ImageInstance,
    NestedImageInstance,
    Project,
    SliceInstance,
    Storage,
    Track,
)
from given.base import Base
from people import Person


class Images(Base):
    def storage_of(self, owner: Person) -> Storage:
        with self.store.reading() as db:
            return db.scalars(select(Storage).where(Storage.user_id == owner.id)).one()

    def abstract_image(
        self,
        owner: Person,
        width: int | None = 2000,
        height: int | None = 1000,
        planes: Iterable[tuple[int, int, int]] = ((0, 0, 0),),
        **columns: Any,
    ) -> AbstractImage:
        """A slide without a file behind it; `planes` are (channel, z, time)."""
        columns.setdefault("original_filename", f"slide {self.number()}.svs")
        with self.writing() as db:
            row = AbstractImage(
                width=width, height=height, user_id=owner.id, storage_id=self.storage_of(owner).id, **columns
            )
            history.add(db, self.maker, row)
            for channel, z_stack, time in planes:
                plane = AbstractSlice(image_id=row.id, storage_id=row.storage_id)
                plane.channel, plane.z_stack, plane.time = channel, z_stack, time
                history.add(db, self.maker, plane)
            return row

    def image(
        self, project: Project, owner: Person, base: AbstractImage | None = None, **columns: Any
    ) -> ImageInstance:
        """A slide in a project, with its slice."""
        base = base or self.abstract_image(owner, **columns)
        with self.writing() as db:
            row = ImageInstance(
                base_image_id=base.id,
                project_id=project.id,
                user_id=owner.id,
                instance_filename=base.original_filename,
            )
            history.add(db, self.maker, row)
            for plane in db.scalars(select(AbstractSlice).where(AbstractSlice.image_id == base.id)):
                history.add(
                    db, self.maker, SliceInstance(project_id=project.id, image_id=row.id, base_slice_id=plane.id)
                )
            return row

    def nested_image(self, image: ImageInstance, parent: ImageInstance, owner: Person) -> NestedImageInstance:
        with self.writing() as db:
            row = NestedImageInstance(image_id=image.id, parent_id=parent.id, project_id=parent.project_id, x=10, y=20)
            row.user_id = owner.id
            return history.add(db, self.maker, row)

    def track(self, image: ImageInstance, name: str = "nucleus 1", color: str = "#00FF00") -> Track:
        with self.writing() as db:
            track = Track(name=name, color=color, image_id=image.id, project_id=image.project_id)
            return history.add(db, self.maker, track)

    def image_group(self, project: Project, images: Iterable[ImageInstance] = (), name: str = "block 1") -> ImageGroup:
        with self.writing() as db:
            group = history.add(db, self.maker, ImageGroup(name=name, project_id=project.id))
            for image in images:
                link = ImageGroupImageInstance(group_id=group.id, image_id=image.id, project_id=project.id)
                history.add(db, self.maker, link)
            return group
