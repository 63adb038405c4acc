from collections.abc import Iterable
from io import BytesIO

from sqlalchemy import select

from atrisys.actions import history
from atrisys.store.table import Table
from atrisys.store.tables import (
    AbstractImage,
    AbstractSlice,
    AnnotationTerm,
    AttachedFile,
    Configuration,
    Description,
    Property,
    RelationTerm,
    SliceInstance,
    Tag,
    TagDomainAssociation,
)
from atrisys.store.tables.metadata import about
from given.annotations import Annotations
from given.files import Files
from given.images import Images
from given.ontologies import Ontologies
from given.projects import Projects
from people import Person


class Metadata(Ontologies, Projects, Images, Files, Annotations):
    def objects(self, owner: Person, members: Iterable[Person] = (), **settings: bool) -> dict[str, Table]:
        """One of each kind that people describe, by the name of its class, in one project."""
        ontology = self.ontology(owner)
        parent, term = self.term(ontology), self.term(ontology)
        owner.post("/api/relation/parent/term.json", json={"term1": parent.id, "term2": term.id})
        project = self.project(owner, members, ontology, **settings)
        image = self.image(project, owner)
        rows: list[Table] = [ontology, term, project, image, self.annotation(image, owner, terms=[term])]
        rows += [self.storage_of(owner), self.uploaded_file(owner), self.tag(owner)]
        with self.store.reading() as db:
            rows.append(db.get_one(AbstractImage, image.base_image_id))
            rows += db.scalars(select(SliceInstance).where(SliceInstance.image_id == image.id))
            rows += db.scalars(select(AbstractSlice).where(AbstractSlice.image_id == image.base_image_id))
            rows += db.scalars(select(AnnotationTerm).where(AnnotationTerm.term_id == term.id))
            rows += db.scalars(select(RelationTerm).where(RelationTerm.term2_id == term.id))
        return {type(row).__name__: row for row in rows}

    def property(self, domain: Table, key: str = "stain", value: str = "H&E") -> Property:
        with self.writing() as db:
            return history.add(db, self.maker, Property(**about(domain), key=key, value=value))

    def description(self, domain: Table, data: str = "<p>words</p>") -> Description:
        with self.writing() as db:
            return history.add(db, self.maker, Description(**about(domain), data=data))

    def attached_file(self, domain: Table, content: bytes = b"bytes", filename: str = "report.pdf") -> AttachedFile:
        kept = self.store.folder.keep(BytesIO(content), "pdf", len(content))
        with self.writing() as db:
            columns = {"filename": filename, "kept_name": kept.name, "size": kept.size, "sha256": kept.sha256}
            return history.add(db, self.maker, AttachedFile(**about(domain), **columns))

    def configuration(self, key: str, value: str = "value", reading_role: str = "ALL") -> Configuration:
        """The same for all: what is there stays."""
        with self.writing() as db:
            found = db.scalar(select(Configuration).where(Configuration.key == key))
            row = Configuration(key=key, value=value, reading_role=reading_role)
            return found or history.add(db, self.maker, row)

    def tag(self, owner: Person, name: str = "") -> Tag:
        with self.writing() as db:
            return history.add(db, self.maker, Tag(name=name or f"tag {self.number()}", user_id=owner.id))

    def tagged(self, domain: Table, tag: Tag) -> TagDomainAssociation:
        with self.writing() as db:
            return history.add(db, self.maker, TagDomainAssociation(**about(domain), tag_id=tag.id))
