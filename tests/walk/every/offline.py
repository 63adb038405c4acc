"""What the classes do by themselves: before anybody is connected, so that none can ask a server."""

import inspect
import json

from cytomine.models import Collection, Project, Property, PropertyCollection
from ledger import classes, new_collection, see, tried

TOLD = {"id": 7, "name": "told", "class": "be.cytomine.domain.project.Project", "nothing": None}


def drive():
    for kind in classes():
        if issubclass(kind, Collection):
            see_order(kind)
            see_telling(kind)
        else:
            see_model(kind)
    several = PropertyCollection(Project().populate(TOLD))
    several.append(Property(Project().populate(TOLD), "stain", "H&E"))
    see("PropertyCollection.as_dict", {key: one.value for key, one in several.as_dict().items()}, {"stain": "H&E"})


def new_model(kind):
    wants_thing = "object" in inspect.signature(kind).parameters
    return kind(Project().populate(TOLD)) if wants_thing else kind()


def see_model(kind):
    name, one = kind.__name__, new_model(kind)
    # The current user alone has a number from the start: there is no address with one.
    see(f"{name}.is_new", one.is_new(), name != "CurrentUser")
    told = one.populate(TOLD)
    see(f"{name}.populate", [told is one, one.id, one.name, one.class_], [True, 7, "told", TOLD["class"]])
    see(f"{name}.is_new", one.is_new(), False)
    sent = json.loads(one.to_json())
    see(
        f"{name}.to_json",
        [sent["id"], sent["name"], sent["class_"], "nothing" in sent],
        [7, "told", TOLD["class"], False],
    )
    see(f"{name}.uri", one.uri().endswith(".json"), True)


def see_order(kind):
    """As any list: what comes in, where, and out again."""
    name, some = kind.__name__, new_collection(kind)
    one, two, three = (new_model(some._model) for _ in "123")
    one.populate(TOLD)

    def after(method, *words):
        said = getattr(some, method)(*words)
        see(f"{name}.{method}", [which[id(row)] for row in some.data()], order[method])
        return which.get(id(said), said)

    which = {id(one): 1, id(two): 2, id(three): 3}
    order = {"append": [1], "insert": [2, 1], "extend": [2, 1, 3], "reverse": [3, 1, 2], "pop": [3, 1]}
    order |= {"remove": [1], "clear": []}
    after("append", one)
    see(f"{name}.append", tried(some.append, some), "TypeError")
    after("insert", 0, two)
    see(f"{name}.insert", tried(some.insert, 0, some), "TypeError")
    after("extend", [three])
    see(f"{name}.data", [which[id(row)] for row in some.data()], [2, 1, 3])
    see(f"{name}.index", some.index(one), 1)
    see(f"{name}.count", some.count(one), 1)
    see(f"{name}.find_by_attribute", which[id(some.find_by_attribute("id", 7))], 1)
    chosen = some.filter(lambda row: row.id == 7)
    see(f"{name}.filter", [[which[id(row)] for row in chosen], len(some), type(chosen) is kind], [[1], 3, True])
    after("reverse")
    see(f"{name}.pop", after("pop"), 2)
    after("remove", three)
    after("clear")


def see_telling(kind):
    name, some = kind.__name__, new_collection(kind)
    answer = {"collection": [{"id": 7, "name": "told"}, {"id": 8}], "size": 2}
    some.populate(answer)
    see(f"{name}.populate", [one.id for one in some], [7, 8])
    see(f"{name}.to_json", [one["id"] for one in json.loads(some.to_json())], [7, 8])
    some.add_filter("word", 5)
    see(f"{name}.add_filter", some.filters, {"word": 5})
    see(f"{name}.is_filtered_by", [some.is_filtered_by("word"), some.is_filtered_by("another")], [True, False])
    some.set_parameters({"offset": 3})
    see(f"{name}.set_parameters", some.parameters["offset"], 3)
    see(f"{name}.uri", some.uri(without_filters=True).endswith(".json"), True)
