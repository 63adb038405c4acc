"""Every table, one file a family. Importing this package makes them all known."""

from atrisys.store.tables.annotations import AnnotationTerm, UserAnnotation
from atrisys.store.tables.changes import Change, IdempotentAnswer, IdSequence
from atrisys.store.tables.files import Storage, StorageMember, UploadedFile
from atrisys.store.tables.images import AbstractImage, AbstractSlice, ImageInstance, SliceInstance
from atrisys.store.tables.jobs import Job
from atrisys.store.tables.metadata import AttachedFile, Description, Property, Tag, TagDomainAssociation
from atrisys.store.tables.ontologies import Ontology, Relation, RelationTerm, Term
from atrisys.store.tables.people import FailedTries, LoginSession, SecRole, SecUser, SecUserSecRole
from atrisys.store.tables.projects import Project, ProjectMember

__all__ = [
    "AbstractImage",
    "AbstractSlice",
    "AnnotationTerm",
    "AttachedFile",
    "Change",
    "Description",
    "FailedTries",
    "IdSequence",
    "IdempotentAnswer",
    "ImageInstance",
    "Job",
    "LoginSession",
    "Ontology",
    "Project",
    "ProjectMember",
    "Property",
    "Relation",
    "RelationTerm",
    "SecRole",
    "SecUser",
    "SecUserSecRole",
    "SliceInstance",
    "Storage",
    "StorageMember",
    "Tag",
    "TagDomainAssociation",
    "Term",
    "UploadedFile",
    "UserAnnotation",
]
