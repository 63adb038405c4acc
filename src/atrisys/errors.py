"""Every refusal by its name. What a door says of each (an HTTP status, an exit code) is the door's own business.

Refusal
├── NotFound (LookupError)          no such object, or none that the caller may see
├── NotSignedIn (PermissionError)   nobody, or credentials that do not hold
│   └── TooManyTries                slowed down after failed passwords
├── NotAllowed (PermissionError)    seen, but not to be done by this caller
├── Invalid (ValueError)            an argument that cannot be used
│   ├── ShapeRefused                a geometry that cannot be kept
│   │   ├── ShapeUnreadable         not WKT, not GeoJSON, not finite
│   │   ├── ShapeNotClosed          a ring whose ends do not meet
│   │   └── ShapeEmpty              nothing is left (no area, or all outside the picture)
│   ├── TooLarge                    beyond a stated limit
│   │   └── BodyTooLarge            a request that nobody will read to its end
│   ├── WrongOffset                 a piece of an upload that does not go on where it stands
│   ├── ChecksumWrong               a piece of an upload that was damaged on its way
│   ├── InUse                       something still stands on it
│   └── NotUndoable                 what was done is not taken back by undo
├── Duplicate (ValueError)          the name or pair exists already
├── Stale (RuntimeError)            somebody has changed it since
├── Busy (RuntimeError)             too much of this goes on right now
├── TooManyJobs (RuntimeError)      somebody has as many jobs waiting as they may
├── InTheWay (RuntimeError)         what came later would be lost by an undo
├── SlideUnreadable (ValueError)    a file that is no slide we can read
│   ├── SlideFlat                   a picture that must be made a tiled pyramid first
│   ├── ConversionFailed            making a pyramid of it came to no good end
│   └── PictureFailed               one region of a good slide could not be read
├── PictureMissing (LookupError)    the record has no file behind it
├── SlideChanged (RuntimeError)     a slide that is read where it lies is no longer what it was
├── BeingWritten (RuntimeError)     somebody else is at it at this very moment
├── Unavailable (RuntimeError)      what it needs is away for now: the same will do later
│   ├── DiskRefuses                 the server's own disk is full, or cannot be written
│   ├── LevelsMissing               a huge slide's small levels are not made yet
│   ├── CopyMissing                 the clean copy of a large slide is not made yet
│   └── SlideAway                   a slide that is read where it lies cannot be reached
└── Misconfigured (RuntimeError)    a setting or folder that cannot work
"""

from collections.abc import Sequence
from typing import Any


def fill(template: str, params: dict[str, Any]) -> str:
    """The template with its places filled; a text without places passes as it is, braces and all."""
    if not params:
        return template
    try:
        return template.format(**params)
    except (KeyError, IndexError, ValueError):
        return template


def _again(kind: type["Refusal"], template: str, params: dict[str, Any]) -> "Refusal":
    """Refusals cross process borders whole."""
    return kind(template, **params)


class Refusal(Exception):
    """Base of all: says what was wrong, with which object, and what to do.

    `template` is English text with `{named}` places that `params` fill, so that a door can say the same in another
    language; `code` is stable and for programs. What a user typed goes into `params`, never into the template.
    """

    code = "refused"

    def __init__(self, template: str, **params: Any) -> None:
        self.template = template
        self.params = params
        self.message = fill(template, params)
        super().__init__(self.message)

    def __reduce__(self) -> tuple[Any, ...]:
        return (_again, (type(self), self.template, self.params))


class NotFound(Refusal, LookupError):
    code = "not_found"


class NotSignedIn(Refusal, PermissionError):
    code = "not_signed_in"


class TooManyTries(NotSignedIn):
    """`wait_s`: seconds until the next try is heard."""

    code = "too_many_tries"

    def __init__(self, template: str, wait_s: int, **params: Any) -> None:
        super().__init__(template, wait_s=wait_s, **params)
        self.wait_s = wait_s


class NotAllowed(Refusal, PermissionError):
    code = "not_allowed"


class Invalid(Refusal, ValueError):
    code = "invalid"


class ShapeRefused(Invalid):
    code = "shape_refused"


class ShapeUnreadable(ShapeRefused):
    code = "shape_unreadable"


class ShapeNotClosed(ShapeRefused):
    code = "shape_not_closed"


class ShapeEmpty(ShapeRefused):
    code = "shape_empty"


class TooLarge(Invalid):
    code = "too_large"


class BodyTooLarge(TooLarge):
    code = "body_too_large"


class WrongOffset(Invalid):
    code = "wrong_offset"


class ChecksumWrong(Invalid):
    code = "checksum_wrong"


class InUse(Invalid):
    code = "in_use"


class NotUndoable(Invalid):
    code = "not_undoable"


class Duplicate(Refusal, ValueError):
    code = "duplicate"


class Stale(Refusal, RuntimeError):
    """`current` is the row as it stands now."""

    code = "stale"

    def __init__(self, template: str, current: Any = None, **params: Any) -> None:
        super().__init__(template, **params)
        self.current = current


class InTheWay(Refusal, RuntimeError):
    """`blockers`: what stands in the way, each as a dictionary of plain values for programs."""

    code = "in_the_way"

    def __init__(self, template: str, blockers: Sequence[dict[str, Any]] = (), **params: Any) -> None:
        super().__init__(template, **params)
        self.blockers = list(blockers)


class Busy(Refusal, RuntimeError):
    """`wait_s`: seconds until it is worth another try."""

    code = "busy"

    def __init__(self, template: str, wait_s: int, **params: Any) -> None:
        super().__init__(template, wait_s=wait_s, **params)
        self.wait_s = wait_s


class TooManyJobs(Refusal, RuntimeError):
    code = "too_many_jobs"


class SlideUnreadable(Refusal, ValueError):
    code = "slide_unreadable"


class SlideFlat(SlideUnreadable):
    code = "slide_flat"


class ConversionFailed(SlideUnreadable):
    code = "conversion_failed"


class PictureFailed(SlideUnreadable):
    code = "picture_failed"


class PictureMissing(Refusal, LookupError):
    code = "picture_missing"


class SlideChanged(Refusal, RuntimeError):
    code = "slide_changed"


class BeingWritten(Refusal, RuntimeError):
    code = "being_written"


class Unavailable(Refusal, RuntimeError):
    code = "unavailable"
    wait_s = 30
    """Seconds until it is worth another try; nobody knows when it will be back."""


class DiskRefuses(Unavailable):
    code = "disk_refuses"


class LevelsMissing(Unavailable):
    code = "levels_missing"


class CopyMissing(Unavailable):
    code = "copy_missing"


class SlideAway(Unavailable):
    code = "slide_away"


class Misconfigured(Refusal, RuntimeError):
    code = "misconfigured"
