"""Every refusal's status, and the body that says what was wrong: Cytomine's, plus code, params and request id."""

import logging
from collections.abc import Callable
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from starlette.exceptions import HTTPException
from starlette.responses import Response

from atrisys import errors
from atrisys.store import spatial
from atrisys.wire import web_page, words
from atrisys.wire.dialect import Json
from atrisys.wire.fields import SHOWN, show

log = logging.getLogger("atrisys")

PLAIN = str | int | float | bool | None

STATUS: dict[type[errors.Refusal], int] = {
    errors.Refusal: 400,
    errors.NotFound: 404,
    errors.NotSignedIn: 401,
    errors.TooManyTries: 429,
    errors.NotAllowed: 403,
    errors.Invalid: 400,
    errors.ShapeRefused: 400,
    errors.ShapeUnreadable: 400,
    errors.ShapeNotClosed: 400,
    errors.ShapeEmpty: 400,
    errors.TooLarge: 400,
    errors.BodyTooLarge: 413,
    errors.WrongOffset: 409,
    errors.ChecksumWrong: 460,
    errors.InUse: 400,
    errors.NotUndoable: 400,
    errors.Duplicate: 409,
    errors.Stale: 412,
    errors.Busy: 503,
    errors.TooManyJobs: 429,
    errors.InTheWay: 409,
    errors.SlideUnreadable: 400,
    errors.SlideFlat: 400,
    errors.ConversionFailed: 400,
    errors.PictureFailed: 500,
    errors.PictureMissing: 404,
    errors.SlideChanged: 409,
    errors.BeingWritten: 423,
    errors.Unavailable: 503,
    errors.DiskRefuses: 507,
    errors.LevelsMissing: 503,
    errors.CopyMissing: 503,
    errors.SlideAway: 503,
    errors.Misconfigured: 500,
}


def body_of(refusal: errors.Refusal, request: Request) -> dict[str, Any]:
    """Cytomine's error body; `errors` is a text, as its clients print it."""
    said = words.say(refusal.template, refusal.params, request.headers.get("accept-language"))
    params = {key: _plain(value) for key, value in refusal.params.items() if isinstance(value, PLAIN)}
    return {
        "success": False,
        "errors": said,
        "message": said,
        "errorValues": {},
        "code": refusal.code,
        "params": params,
        "requestId": request.state.request_id,
    }


def _plain(value: Any) -> Any:
    """JSON has no whole numbers beyond 64 bits; somebody may have asked for the id of one."""
    return str(value) if isinstance(value, int) and abs(value) >= 2**63 else value


def answer_to(request: Request, error: Exception) -> Response:
    """Refusals, bad requests and bugs alike, in one shape. It may ask the database."""
    for kind, say in SAID.items():
        if isinstance(error, kind):
            return say(request, error)
    return bug(request, error)


def _refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.Refusal)
    body, headers = body_of(error, request), {}
    if isinstance(error, errors.TooManyTries | errors.Busy | errors.Unavailable):
        headers["Retry-After"] = str(error.wait_s)
    if isinstance(error, errors.InTheWay):
        body["inTheWay"] = error.blockers
    if isinstance(error, errors.Stale) and type(error.current) in SHOWN:
        with request.app.state.store.reading() as db:
            body["current"] = show(db, error.current)
        headers["ETag"] = f'"{error.current.version}"'
    return Json(body, status_code=STATUS[type(error)], headers=headers)


def _bad_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return _refusal(request, invalid(error.errors()))


def invalid(problems: Any) -> errors.Invalid:
    """What a validator found, in one sentence."""
    first = [f"{_place(problem['loc'])}: {problem['msg']}" for problem in problems[:5]]
    return errors.Invalid("The request is not as it should be: {problems}.", problems="; ".join(first))


def _place(location: tuple[Any, ...]) -> str:
    return ".".join(str(part) for part in location if part not in ("body", "query", "path")) or "body"


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        if request.method == "GET" and "/api/" not in request.url.path and web_page.is_asked_for(request):
            return web_page.show_page(request, status=404)
        refusal: errors.Refusal = errors.NotFound("There is nothing at {path}.", path=request.url.path)
    elif error.status_code == 405:
        refusal = errors.Refusal("{method} is not done at {path}.", method=request.method, path=request.url.path)
    else:
        refusal = errors.Refusal("{detail}", detail=str(error.detail))
    return Json(body_of(refusal, request), status_code=error.status_code, headers=dict(error.headers or {}))


def _integrity(request: Request, error: Exception) -> Response:
    """Two who add the same at the same moment: the second learns of it when the database does."""
    log.info("refused by the database: %s", error)
    return _refusal(request, errors.Duplicate("Somebody has just added the same, or removed what this stands on."))


def _out_of_range(request: Request, error: Exception) -> Response:
    """Numbers beyond 64 bits and texts with a zero byte are noticed by the database alone."""
    if isinstance(error, OverflowError) and "SQLite" not in str(error):
        return bug(request, error)
    return _refusal(request, errors.Invalid("A number in the request is too large, or a text holds a zero byte."))


def _busy(request: Request, error: Exception) -> Response:
    """It is locked or away, its disk refuses, or all connections to it are in use."""
    log.error("database: %s", error, extra={"request_id": request.state.request_id})
    if isinstance(error, OperationalError) and (trouble := spatial.disk_trouble(error)):
        return _refusal(request, trouble)
    refusal = errors.Refusal("The database cannot take this right now. Nothing was changed; try again in a moment.")
    return Json(body_of(refusal, request), status_code=503, headers={"Retry-After": "2"})


def bug(request: Request, error: Exception) -> Response:
    """What nobody foresaw: told by its number alone, and logged whole."""
    log.error("request %s failed", request.state.request_id, exc_info=error)
    refusal = errors.Refusal(
        "Something went wrong inside ATrISys. Tell its administrator the number {request}.",
        request=request.state.request_id,
    )
    return Json({**body_of(refusal, request), "code": "internal"}, status_code=500)


SAID: dict[type[Exception], Callable[[Request, Exception], Response]] = {
    errors.Refusal: _refusal,
    RequestValidationError: _bad_request,
    HTTPException: _http,
    IntegrityError: _integrity,
    OperationalError: _busy,
    NoConnection: _busy,
    DataError: _out_of_range,
    OverflowError: _out_of_range,
}
"""How each kind of error is answered; all others are bugs."""
