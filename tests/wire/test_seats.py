"""Exports over GET, asked for by many at once: who sits, who waits, who is sent away."""

import asyncio

import pytest

from atrisys.errors import Busy
from atrisys.wire import seats
from atrisys.wire.seats import ExportSeats, Seated, Seats, take_at_once

ALICE, BOB = 1, 2


async def sit_down(all_seats, user_id, count):
    """So many who ask; those that sit after a while, and those that wait."""
    asked = [asyncio.create_task(all_seats.take(user_id)) for _ in range(count)]
    await asyncio.sleep(0.01)
    return [one.result() for one in asked if one.done()], [one for one in asked if not one.done()]


def test_threads_and_those_who_wait_share_the_same_seats():
    async def scene():
        seats_there = Seats(1)
        assert seats_there.take_at_once()
        waiting = [asyncio.create_task(seats_there.take()) for _ in range(3)]
        await asyncio.sleep(0)
        assert not seats_there.take_at_once()
        waiting[0].cancel()
        for turn in (1, 2):
            await asyncio.to_thread(seats_there.give_back)
            await asyncio.wait_for(waiting[turn], 5)
            assert not seats_there.take_at_once(), "who waited sits"
        seats_there.give_back()
        assert seats_there.take_at_once()

    asyncio.run(scene())


def test_who_goes_just_when_their_turn_comes_leaves_the_seat_to_others():
    async def scene(after_turn):
        seats_there = Seats(1)
        await seats_there.take()
        waiting = asyncio.create_task(seats_there.take())
        await asyncio.sleep(0)
        seats_there.give_back()
        if after_turn:
            # Their turn was said, but they have not gone on yet.
            asyncio.get_running_loop().call_soon(waiting.cancel)
        else:
            waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert waiting.cancelled()
        await asyncio.sleep(0)
        assert (seats_there.take_at_once(), seats_there.take_at_once()) == (True, False)

    for after_turn in (False, True):
        asyncio.run(scene(after_turn))


def test_who_waited_in_a_loop_that_ended_is_passed_over():
    seats_there = Seats(1)
    assert seats_there.take_at_once()
    lost = asyncio.new_event_loop()
    waiting = seats_there.take()

    async def begin():
        waiting.send(None)

    lost.run_until_complete(begin())
    lost.close()
    seats_there.give_back()
    assert seats_there.take_at_once()
    waiting.close()


def test_one_sits_in_all_or_in_none():
    first, second = Seats(1), Seats(1)
    assert second.take_at_once()
    assert not take_at_once([first, second])
    assert first.take_at_once()


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
