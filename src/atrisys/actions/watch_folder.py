"""A folder whose slides come into a project as they appear: looked at again and again, as network shares need it."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.actions.import_slide import Taken, take_in
from atrisys.actions.receive_slide import Progress
from atrisys.actions.take_in_place import being_written
from atrisys.errors import Invalid, Refusal, SlideChanged, SlideUnreadable, Unavailable
from atrisys.imaging.slides import files_of, find_slides
from atrisys.store import in_place
from atrisys.store.ids import take_ids
from atrisys.store.in_place import InPlace
from atrisys.store.session import Store
from atrisys.store.tables import WatchedFile


@dataclass(frozen=True)
class Outcome:
    """What became of one slide that has appeared."""

    path: Path
    taken: list[Taken]
    error: Refusal | None = None
    """Why it was not taken in."""
    is_final: bool = True
    """Whether it is not tried again, as long as its files are the same."""


class Watch:
    """One folder and one project. What was dealt with is remembered in the database, over restarts as well."""

    def __init__(
        self, store: Store, caller: Caller, folder: Path, project_id: int, *, link: bool = False, still_s: float = 10
    ) -> None:
        """
        Args:
            link: slides are read where they lie, not copied.
            still_s: a slide whose files were the same for so long is whole.

        Raises:
            Invalid: our own data lie in that folder.
        """
        self._store, self._caller, self._folder = store, caller, folder.absolute()
        self._project_id, self._link, self._still_s = project_id, link, still_s
        self._seen: dict[Path, tuple[str, float]] = {}
        """Of slides that are not dealt with: the stamp, and since when it is the same."""
        if store.folder.root.resolve().is_relative_to(self._folder.resolve()):
            raise Invalid("The data folder lies in {folder}. Watch another.", folder=str(folder))
        with store.reading() as db:
            known = select(WatchedFile.stamp).where(WatchedFile.project_id == project_id)
            self._known = set(db.scalars(known))

    def round(
        self, progress: Callable[[Path], Progress], now: Callable[[], float] = time.monotonic
    ) -> Iterator[Outcome]:
        """Look once: each slide that is whole and was not dealt with is taken in. Raises OSError for a lost folder."""
        if not self._folder.is_dir():
            raise FileNotFoundError(str(self._folder))
        before, self._seen = self._seen, {}
        for path, _kind in find_slides([self._folder]):
            try:
                place = _look(path)
            except OSError:
                # Taken away while we looked.
                continue
            stamp = in_place.stamp_of(place)
            if stamp in self._known:
                continue
            last, since = before.get(path, ("", 0.0))
            self._seen[path] = (stamp, since if last == stamp else now())
            if last == stamp and now() - since >= self._still_s:
                outcome = self._take(path, place, stamp, progress(path))
                if outcome is not None:
                    yield outcome

    def _take(self, path: Path, place: InPlace, stamp: str, progress: Progress) -> Outcome | None:
        """None: somebody else who watches the same folder was faster."""

        def remember(db: Session) -> None:
            row = WatchedFile(id=take_ids(db)[0], project_id=self._project_id, place=place["path"], stamp=stamp)
            db.add(row)
            db.flush()
            if in_place.stamp_of(_look(path)) != stamp:
                raise being_written(path.name)

        try:
            self._require_inside(place, path.name)
            taken = take_in(
                self._store,
                self._caller,
                path,
                path.name,
                project_ids=[self._project_id],
                in_place=self._link,
                once="bytes",
                progress=progress,
                also=remember,
            )
        except IntegrityError:
            self._known.add(stamp)
            return None
        except (Unavailable, SlideChanged) as refusal:
            return Outcome(path, [], refusal, is_final=False)
        except OSError as error:
            reason = SlideUnreadable("{name}: {reason}", name=path.name, reason=error.strerror or str(error))
            return Outcome(path, [], reason, is_final=False)
        except Refusal as refusal:
            try:
                with self._store.writing() as db:
                    remember(db)
            except (IntegrityError, SlideChanged):
                return None
            self._known.add(stamp)
            return Outcome(path, [], refusal)
        self._known.add(stamp)
        return Outcome(path, taken)

    def _require_inside(self, place: InPlace, name: str) -> None:
        """Whoever may write to the folder shall not have us read what only we may."""
        inside = self._folder.resolve()
        if not all(Path(file).resolve().is_relative_to(inside) for file, *_ in place["files"]):
            raise Invalid("{name} is a link to a file outside the watched folder and is not taken in.", name=name)


def _look(path: Path) -> InPlace:
    """All files of a slide; of one whose parts are not there yet, what is."""
    try:
        return in_place.look(files_of(path))
    except SlideUnreadable:
        return in_place.look([path])
