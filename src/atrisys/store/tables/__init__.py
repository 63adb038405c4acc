"""Every table, one file a family. Importing this package makes them all known."""

from atrisys.store.table import Base, Table
from atrisys.store.tables.activity import (
    AnnotationAction,
    Follower,
    ImageConsultation,
    ProjectConnection,
    UserPosition,
)
from atrisys.store.tables.annotations import (
    COUNTS_OF,
    TERMS_OF,
    AnnotationCount,
    AnnotationDomain,
    AnnotationTerm,
    GivenTerm,
    OnAnnotation,
    ReviewedAnnotation,
    ReviewedAnnotationCount,
    ReviewedAnnotationTerm,
    UserAnnotation,
    UserAnnotationCount,
)
from atrisys.store.tables.changes import Change, Event, IdempotentAnswer, IdSequence, Reversal, Seal
from atrisys.store.tables.comments import AnnotationComment, SharedAnnotation, SharedAnnotationReceiver
from atrisys.store.tables.files import OpenUpload, Storage, StorageMember, UploadedFile, WatchedFile
from atrisys.store.tables.groups import AnnotationGroup, AnnotationLink, ImageGroup, ImageGroupImageInstance
from atrisys.store.tables.images import (
    AbstractImage,
    AbstractSlice,
    CompanionFile,
    ImageInstance,
    NestedImageInstance,
    SliceInstance,
)
from atrisys.store.tables.jobs import Job
from atrisys.store.tables.metadata import AttachedFile, Description, Property, Tag, TagDomainAssociation
from atrisys.store.tables.ontologies import Ontology, Relation, RelationTerm, Term
from atrisys.store.tables.people import FailedTries, LoginSession, SecRole, SecUser, SecUserSecRole, SignInToken
from atrisys.store.tables.projects import Invitation, Project, ProjectDefaultLayer, ProjectMember
from atrisys.store.tables.settings import AnnotationFilter, Configuration, ImageFilter, ImageFilterProject
from atrisys.store.tables.tracks import AnnotationTrack, Track

KINDS: dict[str, type[Table]] = {
    mapper.class_.__name__: mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, Table)
}
"""Every table of objects, by the name that the change log calls it."""
HANGING_ON: dict[type[AnnotationDomain], tuple[type[OnAnnotation], ...]] = {
    UserAnnotation: (AnnotationTerm, AnnotationTrack, AnnotationLink, AnnotationComment),
    ReviewedAnnotation: (ReviewedAnnotationTerm,),
}
"""What hangs on annotations of each kind: it goes before them and moves with them."""

__all__ = [
    "COUNTS_OF",
    "HANGING_ON",
    "KINDS",
    "TERMS_OF",
    "AbstractImage",
    "AbstractSlice",
    "AnnotationAction",
    "AnnotationComment",
    "AnnotationCount",
    "AnnotationDomain",
    "AnnotationFilter",
    "AnnotationGroup",
    "AnnotationLink",
    "AnnotationTerm",
    "AnnotationTrack",
    "AttachedFile",
    "Change",
    "CompanionFile",
    "Configuration",
    "Description",
    "Event",
    "FailedTries",
    "Follower",
    "GivenTerm",
    "IdSequence",
    "IdempotentAnswer",
    "ImageConsultation",
    "ImageFilter",
    "ImageFilterProject",
    "ImageGroup",
    "ImageGroupImageInstance",
    "ImageInstance",
    "Invitation",
    "Job",
    "LoginSession",
    "NestedImageInstance",
    "OnAnnotation",
    "Ontology",
    "OpenUpload",
    "Project",
    "ProjectConnection",
    "ProjectDefaultLayer",
    "ProjectMember",
    "Property",
    "Relation",
    "RelationTerm",
    "Reversal",
    "ReviewedAnnotation",
    "ReviewedAnnotationCount",
    "ReviewedAnnotationTerm",
    "Seal",
    "SecRole",
    "SecUser",
    "SecUserSecRole",
    "SharedAnnotation",
    "SharedAnnotationReceiver",
    "SignInToken",
    "SliceInstance",
    "Storage",
    "StorageMember",
    "Tag",
    "TagDomainAssociation",
    "Term",
    "Track",
    "UploadedFile",
    "UserAnnotation",
    "UserAnnotationCount",
    "UserPosition",
    "WatchedFile",
]
