"""How many of something there were as time went by: a row for every so many days, counted in the database."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query
from sqlalchemy import case, func, select, true
from sqlalchemy.orm import Session

from atrisys.errors import TooLarge
from atrisys.store.table import now_ms
from atrisys.wire.activity import DAY_MS, Dates, Moments
from atrisys.wire.described import Part
from atrisys.wire.dialect import says_yes

MOST_STEPS = 5_000


class Step(Part):
    """How many there were from `date` until `endDate` (epoch ms), or until then in all."""

    date: int
    end_date: int
    size: int


@dataclass(frozen=True)
class Steps:
    """What is asked for: between which moments, a row for how many days, sums or single numbers, which end first."""

    dates: Moments
    days: int
    accumulate: bool
    newest_first: bool | None

    def of(
        self, db: Session, created: Any, *rules: Any, since: int, newest_first: bool = False
    ) -> list[dict[str, int]]:
        """The rows: `date` and `endDate` (epoch ms) and how many there were in between, or (sums) until then.

        Args:
            created: the column with the moment.
            rules: of which rows.
            since: where it begins if the request does not say.
            newest_first: in which order if the request does not say.

        Raises:
            TooLarge: more than MOST_STEPS rows.
        """
        start = since if self.dates.after is None else self.dates.after
        end = now_ms() if self.dates.before is None else self.dates.before
        length = self.days * DAY_MS
        steps = max(0, -(-(end - start) // length))
        if steps > MOST_STEPS:
            raise TooLarge(
                "At most {limit} steps can be counted at once. Ask for a larger daysRange.", limit=MOST_STEPS
            )
        place = case((created < start, -1), else_=(created - start) // length).label("place")
        from_start = true() if self.accumulate else created >= start
        query = select(place, func.count()).where(created < end, from_start, *rules).group_by(place)
        counts = {row[0]: row[1] for row in db.execute(query)}
        found, sum_until = [], counts.get(-1, 0)
        for step in range(steps):
            here = counts.get(step, 0)
            sum_until += here
            date = start + step * length
            found.append({"date": date, "endDate": date + length, "size": sum_until if self.accumulate else here})
        reverse = newest_first if self.newest_first is None else self.newest_first
        return found[::-1] if reverse else found


async def _steps(
    dates: Dates,
    daysRange: Annotated[int, Query(ge=1, le=10_000)] = 1,
    accumulate: str | None = None,
    reverseOrder: str | None = None,
) -> Steps:
    return Steps(dates, daysRange, says_yes(accumulate) is not False, says_yes(reverseOrder))


AskedSteps = Annotated[Steps, Depends(_steps)]
"""`startDate`, `endDate`, `daysRange`, `accumulate` (by default), `reverseOrder`."""
