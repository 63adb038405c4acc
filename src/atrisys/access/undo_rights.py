"""Who may take a change back: only who could do the same by hand now. A table without a rule cannot be undone.

Undoing leads an object from what a command left (`was`, None: nothing) to what there was before it (`to`, None:
nothing). What a command deleted or added together with the thing that it belongs to goes the way of that thing.
"""

from collections.abc import Callable
from dataclasses import dataclass

from atrisys.access.domains import (
    find_domain,
    require_filter_editor,
    require_metadata_editor,
    require_sender,
    require_tag_owner,
    require_tag_renamer,
)
from atrisys.access.judge import Judge, State, changed
from atrisys.access.require import (
    require_admin,
    require_comment_author,
    require_comment_remover,
    require_its_reviewer,
    require_not_read_only,
    require_ontology_for_project,
    require_self_or_admin,
    require_user,
)
from atrisys.access.slides import require_slide_reader, require_slide_writer
from atrisys.access.visible import get_row
from atrisys.errors import NotAllowed, NotUndoable
from atrisys.store.table import Table
from atrisys.store.tables import (
    AbstractImage,
    AbstractSlice,
    AnnotationComment,
    AnnotationFilter,
    AnnotationGroup,
    AnnotationLink,
    AnnotationTerm,
    AnnotationTrack,
    AttachedFile,
    CompanionFile,
    Configuration,
    Description,
    ImageFilterProject,
    ImageGroup,
    ImageGroupImageInstance,
    ImageInstance,
    NestedImageInstance,
    Ontology,
    Project,
    ProjectDefaultLayer,
    ProjectMember,
    Property,
    RelationTerm,
    ReviewedAnnotation,
    ReviewedAnnotationTerm,
    SecUser,
    SharedAnnotation,
    SharedAnnotationReceiver,
    SliceInstance,
    Storage,
    StorageMember,
    Tag,
    TagDomainAssociation,
    Term,
    Track,
    UploadedFile,
    UserAnnotation,
)
from atrisys.store.tables.files import ADMINISTRATION, WRITE

OF_THE_PERSON = frozenset({"username", "firstname", "lastname", "email", "language", "is_developer"})
"""Columns of an account that can be undone; locks, keys and passwords cannot."""


def _annotation(judge: Judge, was: State | None, to: State | None) -> None:
    for state in (was, to):
        if state:
            judge.layer("UserAnnotation", state, state["project_id"], state["user_id"])


def _annotation_term(judge: Judge, was: State | None, to: State | None) -> None:
    for state in (was, to):
        if state:
            judge.layer("AnnotationTerm", state, state["project_id"], state["layer_id"])


def _reviewed(judge: Judge, was: State | None, to: State | None) -> None:
    """Who may take it back is who may delete it; another's review is not made by undoing either."""
    for state in (was, to):
        if state:
            judge.sees("ReviewedAnnotation", state, state["project_id"], state["user_id"])
            require_its_reviewer(judge.caller, state["id"], state["review_user_id"])
    if was is None and to:
        project = get_row(judge.db, judge.caller, Project, to["project_id"])
        require_not_read_only(judge.db, judge.caller, project.id, project.mode)


def _reviewed_term(judge: Judge, was: State | None, to: State | None) -> None:
    state = was or to
    assert state is not None
    annotation = get_row(judge.db, judge.caller, ReviewedAnnotation, state["annotation_id"])
    require_its_reviewer(judge.caller, annotation.id, annotation.review_user_id)


def _image(judge: Judge, was: State | None, to: State | None) -> None:
    require_user(judge.caller)
    for state in (was, to):
        if state:
            judge.editor(state["project_id"], state["user_id"])


def _slide_of_image(judge: Judge, was: State | None, to: State | None) -> None:
    """A slide comes into a project by who may read it, whatever brings it there."""
    if to and (was is None or was["project_id"] != to["project_id"]):
        base = judge.db.get(AbstractImage, to["base_image_id"])
        if base is not None:
            require_slide_reader(judge.db, judge.caller, base)


def _on_image(judge: Judge, was: State | None, to: State | None) -> None:
    """Planes and tracks."""
    require_user(judge.caller)
    for state in (was, to):
        if state:
            image = get_row(judge.db, judge.caller, ImageInstance, state["image_id"])
            judge.editor(state["project_id"], image.user_id)


def _annotation_track(judge: Judge, was: State | None, to: State | None) -> None:
    require_user(judge.caller)
    for state in (was, to):
        if state:
            judge.layer("AnnotationTrack", state, state["project_id"], state["layer_id"])


def _group(judge: Judge, was: State | None, to: State | None) -> None:
    """Groups, and which images are in them."""
    for state in (was, to):
        if state:
            judge.contributor(state["project_id"])


def _annotation_link(judge: Judge, was: State | None, to: State | None) -> None:
    for state in (was, to):
        if state:
            judge.sees("AnnotationLink", state, state["project_id"], state["layer_id"])
    _group(judge, was, to)


def _project(judge: Judge, was: State | None, to: State | None) -> None:
    """A deleted one is brought back by who deleted it, as its manager again: nobody else sees its past."""
    if was:
        judge.manager(was["id"])
    else:
        require_user(judge.caller)
    ontology_id = to["ontology_id"] if to else None
    if ontology_id is not None and (was is None or was["ontology_id"] != ontology_id):
        ontology = get_row(judge.db, judge.caller, Ontology, ontology_id)
        require_ontology_for_project(judge.db, judge.caller, ontology)


def _member(judge: Judge, was: State | None, to: State | None) -> None:
    for state in (was, to):
        if state:
            judge.manager(state["project_id"])


def _ontology(judge: Judge, was: State | None, to: State | None) -> None:
    if was:
        judge.ontology_editor(was["id"])
    elif to:
        require_user(judge.caller)
        if to["user_id"] != judge.caller.id and not judge.caller.is_admin:
            raise NotAllowed("Ontology {ontology} is brought back by its creator alone.", ontology=to["id"])


def _in_ontology(judge: Judge, was: State | None, to: State | None) -> None:
    for state in (was, to):
        if state:
            judge.ontology_editor(state["ontology_id"])


def _storage(judge: Judge, was: State | None, to: State | None) -> None:
    if was:
        judge.storage(was["id"], ADMINISTRATION)
    if to:
        require_user(judge.caller)
        if was is None:
            require_self_or_admin(judge.caller, to["user_id"])
        elif was["user_id"] != to["user_id"]:
            require_admin(judge.caller)


def _storage_member(judge: Judge, was: State | None, to: State | None) -> None:
    for state in (was, to):
        if state:
            judge.storage(state["storage_id"], ADMINISTRATION)


def _file(judge: Judge, was: State | None, to: State | None) -> None:
    for state in (was, to):
        if state:
            judge.storage(state["storage_id"], WRITE)
    one = was or to or {}
    has_bytes = one["filename"] or one.get("in_place")
    touches_bytes = changed(was, to) & {"filename", "sha256", "in_place"} if was and to else has_bytes
    if touches_bytes:
        raise NotUndoable(
            "File {file} came or went with its bytes, which undo neither takes nor brings back.",
            file=(was or to or {})["id"],
        )


def _slide(judge: Judge, was: State | None, to: State | None) -> None:
    if was and to and "facts" in changed(was, to):
        raise NotUndoable("What is known of the file of image {image} is not undone.", image=was["id"])
    if was:
        require_slide_writer(judge.db, judge.caller, get_row(judge.db, judge.caller, AbstractImage, was["id"]))
    if to and to["storage_id"] is not None:
        judge.storage(to["storage_id"], WRITE)
    elif to:
        require_user(judge.caller)
        require_self_or_admin(judge.caller, to["user_id"])


def _of_slide(judge: Judge, was: State | None, to: State | None) -> None:
    """Its planes, and the files beside it."""
    for state in (was, to):
        if state:
            slide = get_row(judge.db, judge.caller, AbstractImage, state["image_id"])
            require_slide_writer(judge.db, judge.caller, slide)


def _said_of_an_object(judge: Judge, was: State | None, to: State | None) -> None:
    """Properties, descriptions, tags: whoever may edit the object."""
    for state in (was, to):
        if state:
            domain = find_domain(judge.db, judge.caller, state["domain_class_name"], state["domain_ident"])
            require_metadata_editor(judge.db, judge.caller, domain)


def _description(judge: Judge, was: State | None, to: State | None) -> None:
    if was is None:
        require_user(judge.caller)
    _said_of_an_object(judge, was, to)


def _attached_file(judge: Judge, was: State | None, to: State | None) -> None:
    require_user(judge.caller)
    if was is None or to is None or changed(was, to) & {"kept_name", "sha256"}:
        raise NotUndoable(
            "File {file} came or went with its bytes, which undo neither takes nor brings back.",
            file=(was or to or {})["id"],
        )


def _tag(judge: Judge, was: State | None, to: State | None) -> None:
    require_user(judge.caller)
    for state in (was, to):
        if state:
            tag = Tag(id=state["id"], user_id=state["user_id"])
            if was and to:
                require_tag_renamer(judge.db, judge.caller, tag)
            else:
                require_tag_owner(judge.caller, tag)


def _configuration(judge: Judge, _was: State | None, _to: State | None) -> None:
    require_admin(judge.caller)


def _annotation_filter(judge: Judge, was: State | None, to: State | None) -> None:
    for state in (was, to):
        if state:
            project = get_row(judge.db, judge.caller, Project, state["project_id"])
            kept = AnnotationFilter(id=state["id"], project_id=project.id, user_id=state["user_id"])
            require_filter_editor(judge.db, judge.caller, kept)


def _comment(judge: Judge, was: State | None, to: State | None) -> None:
    for state in (was, to):
        if state:
            annotation = get_row(judge.db, judge.caller, UserAnnotation, state["annotation_id"])
            sent = SharedAnnotation(id=state["id"], annotation_id=annotation.id, sender_id=state["sender_id"])
            require_sender(judge.db, judge.caller, sent)


def _receiver(judge: Judge, was: State | None, to: State | None) -> None:
    state = was or to
    assert state is not None
    require_sender(judge.db, judge.caller, get_row(judge.db, judge.caller, SharedAnnotation, state["comment_id"]))


def _in_thread(judge: Judge, was: State | None, to: State | None) -> None:
    """Moved along with its image it needs no author."""
    if was and to:
        require = require_comment_author if "comment" in changed(was, to) else None
    else:
        require = require_comment_remover
    for state in (was, to):
        if state:
            judge.sees("AnnotationComment", state, state["project_id"], state["layer_id"])
            judge.contributor(state["project_id"])
            if require:
                said = AnnotationComment(id=state["id"], project_id=state["project_id"], user_id=state["user_id"])
                require(judge.db, judge.caller, said)


def _account(judge: Judge, was: State | None, to: State | None) -> None:
    if was is None or to is None or not changed(was, to) <= OF_THE_PERSON:
        raise NotUndoable("Accounts, their locks, keys, passwords and roles are not undone. Change them by hand.")
    require_self_or_admin(judge.caller, was["id"])


@dataclass(frozen=True)
class Rule:
    check: Callable[[Judge, State | None, State | None], None]
    """Raises what the same deed by hand would raise."""
    goes_with: tuple[str, ...] = ()
    """Columns that name what it belongs to: coming or going together with that, it needs no right of its own.

    One that is no foreign key may name an object of any table.
    """
    always: Callable[[Judge, State | None, State | None], None] | None = None
    """Is asked even then."""


RULES: dict[type[Table], Rule] = {
    Project: Rule(_project),
    ProjectMember: Rule(_member, ("project_id",)),
    ProjectDefaultLayer: Rule(_member, ("project_id",)),
    Ontology: Rule(_ontology),
    Term: Rule(_in_ontology, ("ontology_id",)),
    RelationTerm: Rule(_in_ontology, ("term1_id", "term2_id", "ontology_id")),
    Storage: Rule(_storage),
    StorageMember: Rule(_storage_member, ("storage_id",)),
    UploadedFile: Rule(_file, ("parent_id",), always=_file),
    AbstractImage: Rule(_slide, ("uploaded_file_id",)),
    AbstractSlice: Rule(_of_slide, ("image_id",)),
    CompanionFile: Rule(_of_slide, ("image_id", "uploaded_file_id")),
    ImageInstance: Rule(_image, ("project_id",), always=_slide_of_image),
    NestedImageInstance: Rule(_image, ("image_id", "parent_id")),
    SliceInstance: Rule(_on_image, ("image_id",)),
    UserAnnotation: Rule(_annotation, ("image_id", "slice_id")),
    AnnotationTerm: Rule(_annotation_term, ("annotation_id", "term_id")),
    ReviewedAnnotation: Rule(_reviewed, ("image_id", "slice_id")),
    ReviewedAnnotationTerm: Rule(_reviewed_term, ("annotation_id", "term_id")),
    Track: Rule(_on_image, ("image_id",)),
    AnnotationTrack: Rule(_annotation_track, ("annotation_id", "track_id")),
    ImageGroup: Rule(_group, ("project_id",)),
    ImageGroupImageInstance: Rule(_group, ("group_id", "image_id")),
    AnnotationGroup: Rule(_group, ("image_group_id",)),
    AnnotationLink: Rule(_annotation_link, ("annotation_id", "group_id")),
    Property: Rule(_said_of_an_object, ("domain_ident",)),
    Description: Rule(_description, ("domain_ident",)),
    AttachedFile: Rule(_said_of_an_object, ("domain_ident",), always=_attached_file),
    TagDomainAssociation: Rule(_said_of_an_object, ("domain_ident", "tag_id")),
    Tag: Rule(_tag),
    Configuration: Rule(_configuration),
    ImageFilterProject: Rule(_member, ("project_id",)),
    AnnotationFilter: Rule(_annotation_filter, ("project_id",)),
    SharedAnnotation: Rule(_comment, ("annotation_id",)),
    SharedAnnotationReceiver: Rule(_receiver, ("comment_id",)),
    AnnotationComment: Rule(_in_thread, ("annotation_id",)),
    SecUser: Rule(_account),
}

_NAMES = frozenset(table.__name__ for table in RULES)


def require_undo(judge: Judge, kind: type[Table], was: State | None, to: State | None, *, goes_along: bool) -> None:
    """Raises NotFound or NotAllowed as the deed by hand would, NotUndoable where nobody can."""
    rule = RULES.get(kind)
    if rule is None:
        raise NotUndoable("What was done to {kind} {id} is not undone.", kind=kind.__name__, id=(was or to or {})["id"])
    if not goes_along:
        rule.check(judge, was, to)
    if rule.always:
        rule.always(judge, was, to)


def is_undoable(kind: str, verb: str) -> bool:
    """Whether what was done to an object of this table may be undone at all."""
    return kind in _NAMES and (kind != SecUser.__name__ or verb == "edited")
