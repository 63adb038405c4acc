"""Fetch, save, update and delete of every model, each seen in a listing that is asked for past the client."""

from ledger import see, tried
from rows import REFUSED, ROWS


def drive(world):
    for kind, row in ROWS.items():
        world.become(row.by)
        drive_one(world, kind, row)


def drive_one(world, kind, row):
    name = kind.__name__
    one = row.make(world, 1)
    wanted = {key: getattr(one, key) for key in row.told}
    see(f"{name}.save", [one.save() is one, said_of(world, row, one)], [True, wanted])
    see(f"{name}.save", world.ask(one.uri(), "charlie").status_code, row.stranger)

    fetched = blank(world, kind, row).fetch(*(getattr(one, key) for key in row.ids))
    see(f"{name}.fetch", {key: getattr(fetched, key, None) for key in row.told}, wanted)
    see(f"{name}.fetch", fetched.id, one.id)

    if row.change is None:
        see(f"{name}.update", tried(one.update), "NotImplementedError")
    elif row.change != REFUSED:
        update(world, row, fetched, wanted)

    see(f"{name}.delete", [fetched.delete(), *left_of(world, row, one)], [True, None, 404])
    other = row.make(world, 2).save()
    unfetched = blank(world, kind, row)
    for key in row.ids:
        setattr(unfetched, key, getattr(other, key))
    see(f"{name}.delete", [unfetched.delete(other.id), *left_of(world, row, other)], [True, None, 404])


def update(world, row, fetched, wanted):
    """As it came from the server, and as one that was never fetched: what is not said of it stays."""
    name = type(fetched).__name__
    before = {key: getattr(fetched, key) for key in row.change}
    change = {key: value.format(n=1) if isinstance(value, str) else value for key, value in row.change.items()}
    for key, value in change.items():
        setattr(fetched, key, value)
    see(f"{name}.update", [fetched.update() is fetched, said_of(world, row, fetched, change)], [True, wanted | change])
    unfetched = blank(world, type(fetched), row)
    unfetched.update(fetched.id, **before)
    see(f"{name}.update", said_of(world, row, fetched, change), wanted | before)


def blank(world, kind, row):
    return kind(getattr(world, row.of)) if row.of else kind()


def said_of(world, row, one, more=()):
    """What the listing says of one model, of what it was told; None where the listing does not hold it."""
    listed = world.rows(row.listed.format(**vars(one)), row.by)
    listed = listed if isinstance(listed, list) else [listed]
    found = next((said for said in listed if isinstance(said, dict) and said["id"] == one.id), None)
    return found and {key: found.get(key) for key in {*row.told, *more}}


def left_of(world, row, one):
    return [said_of(world, row, one), world.ask(one.uri(), row.by).status_code]
