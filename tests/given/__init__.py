"""Makes rows with good defaults: `given.term(name="mitosis")`. One file a family."""

from given.activity import Activity
from given.annotations import Annotations
from given.files import Files
from given.images import Images
from given.metadata import Metadata
from given.ontologies import Ontologies
from given.people import People
from given.projects import Projects


class Given(People, Metadata, Ontologies, Projects, Images, Files, Annotations, Activity):
    """All families together."""
