"""Exports over GET, asked for by many at once: who sits, who waits, who is sent away."""

import asyncio

import pytest

from atrisys.errors import Busy
from atrisys.wire import seats
from atrisys.wire.seats import ExportSeats, Seated

ALICE, BOB = 1, 2


async def sit_down(all_seats, user_id, count):
    """So many who ask; those that sit after a while, and those that wait."""
    asked = [asyncio.create_task(all_seats.take(user_id)) for _ in range(count)]
    await asyncio.sleep(0.01)
    return [one.result() for one in asked if one.done()], [one for one in asked if not one.done()]


def test_sixty_of_one_person_leave_seats_for_others():
    async def scene():
        all_seats = ExportSeats(4)
        sitting, waiting = await sit_down(all_seats, ALICE, 60)
        assert (len(sitting), len(waiting)) == (2, 58)
        others, late = await sit_down(all_seats, BOB, 3)
        assert (len(others), len(late)) == (2, 1)
        await sitting[0].aclose()
        await asyncio.sleep(0.01)
        assert sum(one.done() for one in waiting) == 1
        for one in (*waiting, *late):
            one.cancel()
        await asyncio.gather(*waiting, *late, return_exceptions=True)
        for one in (*sitting[1:], *others):
            await one.aclose()

    asyncio.run(scene())


def test_who_waits_too_long_is_told_when_to_come_again_and_holds_nothing(monkeypatch):
    monkeypatch.setattr(seats, "WAIT_S", 0.05)

    async def scene():
        all_seats = ExportSeats(1)
        held = await all_seats.take(ALICE)
        with pytest.raises(Busy) as refused:
            await all_seats.take(BOB)
        assert refused.value.wait_s == 30
        await held.aclose()
        await (await all_seats.take(BOB)).aclose()

    asyncio.run(scene())


def test_an_answer_gives_its_seat_back_however_it_ends():
    async def breaks(_scope, _receive, _send):
        raise ConnectionResetError

    async def scene():
        all_seats = ExportSeats(1)
        with pytest.raises(ConnectionResetError):
            await Seated(breaks, await all_seats.take(ALICE))({}, None, None)
        await (await all_seats.take(BOB)).aclose()

    asyncio.run(scene())


@pytest.mark.parametrize("path", ["annotations.geojson", "mask.png"])
def test_exports_take_a_seat_and_give_it_back_also_when_they_are_refused(given, alice, charlie, monkeypatch, path):
    taken = []
    take = ExportSeats.take

    async def counted(self, user_id):
        held = await take(self, user_id)
        taken.append(user_id)
        held.callback(taken.remove, user_id)
        assert taken == [user_id]
        return held

    monkeypatch.setattr(ExportSeats, "take", counted)
    image = given.image(given.project(alice), alice, width=100, height=100)
    address = f"/api/atrisys/imageinstance/{image.id}/{path}"
    assert alice.get(address).status_code == 200
    assert charlie.get(address).status_code == 404
    assert taken == []
