"""The same done to several people, named in the query: all for whom it goes well, the others with their reasons."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Query, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.errors import Invalid, Refusal
from atrisys.wire import refusals
from atrisys.wire.answers import done
from atrisys.wire.bodies import problems_answer

Ids = Annotated[str, Query(description="Ids of users, separated by commas")]


def for_each_user(users: str, request: Request, db: Session, act: Callable[[int], object]) -> Response:
    """`act` is given one id after the other, each in a savepoint of its own; a Refusal concerns that one alone."""
    done_with: list[int] = []
    problems: list[dict[str, Any]] = []
    texts = [text.strip() for text in users.split(",") if text.strip()]
    for text in texts:
        try:
            if not text.isdecimal() or len(text) > 18:
                raise Invalid("{value} is not the id of a user.", value=text[:80])
            with db.begin_nested():
                act(int(text))
            done_with.append(int(text))
        except Refusal as refusal:
            problems.append({"data": text[:80], "message": refusals.body_of(refusal, request)["message"]})
    if not problems:
        return done()
    return problems_answer(problems[0]["message"], done_with, problems)
