"""What the client can ask for, and the server refuses: each with its reason, and with a body that says why."""

from functools import partial

import cytomine.models
from cytomine.models import AnnotationAction, AttachedFile, CurrentUser, Position, Role, TagDomainAssociation, UserRole
from ledger import new_collection, see, tried

REFUSED = {
    "AttachedFileCollection.save": "names of files alone, without their bytes: upload() brings both",
    "PositionCollection.save": "the client's Position itself refuses to be saved: viewers record positions",
    "AnnotationActionCollection.save": "the client's AnnotationAction itself refuses to be saved: viewers record them",
    "RoleCollection.save": "the client's Role itself refuses to be saved",
    "UserRoleCollection.save": "the client posts it where roles are made, with no word of whose",
    "TagDomainAssociation.update": "an object bears a tag or not: it is taken away and another given",
    "CurrentUser.delete": "nobody deletes their own account",
    "Cytomine.import_datasets": "a folder of Cytomine's image server; here `atrisys import` and `atrisys watch`",
}


def drive(world):
    answers = []
    client = world.become("alice")
    client._session.hooks["response"].append(lambda answer, **_: answers.append(answer))
    for key, ask in asking(world).items():
        answers.clear()
        told = tried(ask)
        done = told not in (False, {}, "CollectionPartialUploadException")
        see(key, [done, *(is_clear(answer) for answer in answers)], [False, True])
    client._session.hooks["response"].clear()


def asking(world):
    """Each of them, as the client asks for it."""
    link = TagDomainAssociation(world.project, world.tag.id).save()
    link.tag = world.term.id
    role = UserRole(world.bob.id, 1)
    elements = {
        "AttachedFileCollection": AttachedFile(world.project, filename="a name.txt"),
        "PositionCollection": Position(),
        "AnnotationActionCollection": AnnotationAction(),
        "RoleCollection": Role(),
        "UserRoleCollection": role,
    }
    return {
        **{f"{name}.save": saving(name, one, world.project) for name, one in elements.items()},
        "TagDomainAssociation.update": link.update,
        "CurrentUser.delete": CurrentUser().delete,
        "Cytomine.import_datasets": lambda: world.client.import_datasets(world.storage.id, f"{world.host}/import"),
    }


def saving(name, one, thing):
    several = new_collection(getattr(cytomine.models, name), thing)
    several.append(one)
    # In chunks the client fails before it asks, where its collection takes no words.
    return partial(several.save, chunk=None)


def is_clear(answer):
    """A refusal that says why, in the words that the clients read."""
    try:
        body = answer.json()
    except ValueError:
        body = {}
    told = [body.get(word) for word in ("errors", "message", "code")]
    return (answer.status_code in (400, 403, 404, 405, 501) and all(told)) or [answer.status_code, str(body)[:200]]
