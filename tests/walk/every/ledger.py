"""What there is in the official client, what of it was run, and what was seen of its effect.

A key names a method (`Term.save`), an option of one (`Annotation.dump(mask)`), a filter of a collection
(`TermCollection/ontology`, `TermCollection/` for none) or a parameter of one (`AnnotationCollection?bbox`).
"""

import importlib
import inspect
import pkgutil
import sys
import threading

import cytomine.models
import cytomine.utilities.annotations
from cytomine import Cytomine
from cytomine.models import Project
from cytomine.models.collection import Collection

BASES = {"Model", "DomainModel", "Collection", "DomainCollection", "CytomineUser"}
"""Nothing of their own: all that they can do is run through the classes that follow them."""
WITH_OPTIONS = {
    "add_user", "delete_user", "download", "dump", "dump_crops", "merge", "review", "window",
}  # fmt: skip
"""Methods whose every option changes what they do, and is seen by itself."""
SILENT = {"get_instance", "log"}
"""Of the connection: who speaks of it to the program itself."""

seen = {}
"""By key: pairs of what was seen and what was wanted."""
called = set()
"""Classes and methods that were entered, as Python itself saw it."""


def see(key, saw, wanted):
    """Take down what was seen after a method was run. Both must be such that JSON can say them."""
    seen.setdefault(key, []).append([saw, wanted])


def tried(method, *words, **named):
    """What a method gives back, or the name of what it raises."""
    try:
        return method(*words, **named)
    except Exception as error:
        return type(error).__name__


def classes():
    """Every class of the package's models, public or not."""
    for module in pkgutil.iter_modules(cytomine.models.__path__, "cytomine.models."):
        for name, kind in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if kind.__module__ == module.name and not issubclass(kind, Exception) and name not in BASES:
                yield kind


def known():
    """The key of everything that a class of the client can do at a server."""
    keys = {"get_annotations", *(f"get_annotations({name})" for name in options(GET_ANNOTATIONS))}
    for kind in [*classes(), Cytomine]:
        for name, method in inspect.getmembers(kind, inspect.isroutine):
            if name.startswith("_") or name in SILENT:
                continue
            keys.add(f"{kind.__name__}.{name}")
            if name in WITH_OPTIONS:
                keys |= {f"{kind.__name__}.{name}({option})" for option in options(method)}
        if issubclass(kind, Collection):
            keys |= set(filters_of(kind))
    return sorted(keys)


GET_ANNOTATIONS = cytomine.utilities.annotations.get_annotations


def options(method):
    named = inspect.signature(method).parameters.values()
    return [one.name for one in named if one.name != "self" and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)]


def filters_of(kind):
    """The filters and parameters that a collection has when it is new."""
    one = new_collection(kind)
    yield from (f"{kind.__name__}/{name or ''}" for name in one._allowed_filters)
    yield from (f"{kind.__name__}?{name}" for name in vars(one) if name[0] != "_" and name not in ("max", "offset"))


def new_collection(kind, thing=None):
    """An empty collection; what its maker wants to be told is made up."""
    thing = thing or Project().populate({"id": 1, "class": "be.cytomine.domain.project.Project"})
    given = {"object": thing, "project": 1, "user": 1}
    wanted = inspect.signature(kind).parameters
    return kind(**{name: value for name, value in given.items() if name in wanted})


def watch():
    """From now on what is called of the client is taken down, without touching it."""
    codes = {}
    for kind in [*classes(), Cytomine]:
        for name, method in inspect.getmembers(kind, inspect.isroutine):
            codes[getattr(method, "__code__", None)] = name
    codes[GET_ANNOTATIONS.__code__] = "get_annotations"

    def note(frame, event, _):
        if event == "call" and (name := codes.get(frame.f_code)):
            one = frame.f_locals.get("self", frame.f_locals.get("cls"))
            kind = one if isinstance(one, type) else type(one)
            called.add(f"{kind.__name__}.{name}" if one is not None else name)

    threading.setprofile(note)
    sys.setprofile(note)
