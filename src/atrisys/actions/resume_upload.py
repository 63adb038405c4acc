"""Uploads that go on where they broke off: each piece is on the disk before it is acknowledged.

What was acknowledged outlives the death of this process. An upload is whole in one transaction alone, the one that
writes down its uploaded file and asks for the job that looks at it: whoever finds it whole finds these as well.
"""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from threading import RLock
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.access.visible import get_row
from atrisys.actions.import_slide import Place, check_place, put_down, upload_limit
from atrisys.errors import (
    BeingWritten,
    ChecksumWrong,
    DiskRefuses,
    Invalid,
    NotFound,
    TooLarge,
    WrongOffset,
)
from atrisys.store import growing
from atrisys.store.after_commit import after_commit
from atrisys.store.files import BY_UPLOAD_LIMIT, free_bytes, plain_name
from atrisys.store.growing import Checksum, Growing
from atrisys.store.ids import take_ids, take_turn
from atrisys.store.session import Store
from atrisys.store.table import now_ms
from atrisys.store.tables import OpenUpload

KEPT_EVERY = 32 << 20
"""So many bytes may have to be sent again after a sudden death of the server."""
ABANDONED_S = 24 * 3600.0


def begin(
    store: Store,
    caller: Caller,
    place: Place,
    name: str,
    length: int,
    *,
    metadata: str = "",
    properties: Mapping[str, str] | None = None,
) -> OpenUpload:
    """Announce a file of `length` bytes.

    Raises:
        NotFound, NotAllowed: the place.
        TooLarge, Invalid: the file; or the caller has too many uploads open.
        DiskRefuses: there is no room for it.
    """
    if length > upload_limit(store):
        raise TooLarge(
            "The file is larger than the {limit} bytes that {setting} allows.",
            limit=upload_limit(store),
            setting=BY_UPLOAD_LIMIT,
        )
    if length < 1:
        raise Invalid("An empty file is no slide.")
    if length > free_bytes(store.folder):
        raise DiskRefuses("The server's disk has no room for this file. Tell its administrator.")
    shown = plain_name(name)
    with store.writing() as db:
        check_place(db, caller, place.storage_id, place.project_ids)
        # No two count at once.
        take_turn(db)
        mine = (OpenUpload.user_id == caller.id, OpenUpload.uploaded_file_id.is_(None), OpenUpload.expires > now_ms())
        if (db.scalar(select(func.count()).where(*mine)) or 0) >= store.settings.max_open_uploads:
            raise Invalid(
                "You have {count} uploads that are not ended. End or delete some of them first.",
                count=store.settings.max_open_uploads,
            )
        row = OpenUpload(
            id=take_ids(db)[0],
            user_id=caller.id,
            name=shown,
            sent_metadata=metadata,
            length=length,
            kept_name=store.folder.new_name(shown.rpartition(".")[2]),
            expires=_expiry(store),
            storage_id=place.storage_id,
            projects=list(place.project_ids),
            properties=dict(properties or {}),
        )
        db.add(row)
    return row


def find(db: Session, caller: Caller, id: int) -> OpenUpload:
    """The caller's own upload. Raises NotFound, also where it has expired, and for another's."""
    row = get_row(db, caller, OpenUpload, id)
    if row.user_id != caller.id or row.expires <= now_ms():
        raise NotFound("{kind} {id} was not found.", kind=OpenUpload.__name__, id=id)
    return row


def require(store: Store, caller: Caller, id: int) -> None:
    """Raises NotFound as `find` does."""
    with store.reading() as db:
        find(db, caller, id)


def remove(store: Store, caller: Caller, id: int) -> None:
    """End an upload. What has come of one that is whole stays. Raises BeingWritten."""
    with store.reading() as db:
        row = find(db, caller, id)
    _remove(store, row)


class Piece:
    """A piece on its way in; `close` it in any case. One thread at a time: others wait."""

    def __init__(self, store: Store, caller: Caller, id: int, offset: int, checksum: Checksum | None) -> None:
        """
        Raises:
            NotFound: no such upload of the caller's.
            BeingWritten, WrongOffset: it cannot go on there, or not now.
            PictureMissing: its bytes are gone.
        """
        self._store, self._caller, self._checksum = store, caller, checksum
        self._digest = hashlib.new(checksum.algorithm, usedforsecurity=False) if checksum else None
        self._one = RLock()
        with store.reading() as db:
            row = find(db, caller, id)
            _require_offset(row, offset)
        self._file = Growing(store.folder, row.kept_name)
        try:
            # Again, since somebody may have written, ended or deleted it until it was ours.
            with store.reading() as db:
                self._row = find(db, caller, id)
                _require_offset(self._row, offset)
            if self._row.uploaded_file_id is None:
                self._file.go_on_at(offset)
        except BaseException:
            self.close()
            raise
        self._kept = self._offset = offset

    def require_room(self, size: int) -> None:
        """Raises TooLarge where so many bytes are more than are still to come."""
        if size > self._row.length - self._offset:
            raise TooLarge("More is sent than the {length} bytes that were announced.", length=self._row.length)

    def write(self, piece: bytes) -> None:
        """Raises TooLarge beyond the length that was announced; DiskRefuses."""
        with self._one:
            self.require_room(len(piece))
            self._file.write(piece)
            self._offset += len(piece)
            if self._digest:
                self._digest.update(piece)
            elif self._offset - self._kept >= KEPT_EVERY:
                self._keep()

    def break_off(self) -> None:
        """No more comes: what came is kept, where nothing is to be compared with it, and the upload is still there."""
        with self._one, suppress(NotFound):
            if self._checksum is None:
                self._keep()

    def finish(self) -> OpenUpload:
        """It is whole: check it, keep it; with the last piece the file is put down.

        Raises:
            ChecksumWrong: it is as if it had never come.
            NotFound, NotAllowed: the caller may no longer put a file there.
        """
        with self._one:
            return self._finish()

    def _finish(self) -> OpenUpload:
        if self._checksum and self._digest and self._digest.digest() != self._checksum.digest:
            self._file.cut(self._kept)
            raise ChecksumWrong("The bytes do not have the checksum that was sent with them. Send them again.")
        if self._row.uploaded_file_id is not None:
            return self._row
        if self._offset == self._row.length:
            self._put_down()
        else:
            self._keep()
        return self._row

    def close(self) -> None:
        with self._one:
            self._file.close()

    def _keep(self) -> None:
        """What has come is on the disk, and written down; but the last byte never without `_put_down`."""
        upto = min(self._offset, self._row.length - 1)
        if upto > self._kept:
            self._file.flush()
            with self._store.writing() as db:
                self._write_down(db, offset=upto)
            self._kept = upto

    def _put_down(self) -> None:
        self._file.flush()
        row, received = self._row, self._file.received()
        try:
            put_down(
                self._store,
                self._caller,
                received,
                row.name,
                Place(row.storage_id, tuple(row.projects)),
                row.properties,
                also=lambda db, file, job: self._write_down(
                    db, offset=row.length, uploaded_file_id=file.id, job_id=job.id
                ),
            )
        except BaseException:
            self._file.give_back(received)
            raise
        self._kept = self._offset
        self._file.remove()

    def _write_down(self, db: Session, **values: Any) -> None:
        """Of an upload that is not whole: what is whole stays so. Raises NotFound."""
        values |= {"expires": _expiry(self._store), "updated": now_ms()}
        query = update(OpenUpload).where(OpenUpload.id == self._row.id, OpenUpload.uploaded_file_id.is_(None))
        query = query.values(**values)
        if not db.execute(query.returning(OpenUpload.id)).all():
            raise NotFound("{kind} {id} was not found.", kind=OpenUpload.__name__, id=self._row.id)
        for name, value in values.items():
            setattr(self._row, name, value)


def sweep(store: Store) -> None:
    """Remove uploads that have expired, and what belongs to none."""
    with store.reading() as db:
        rows = db.scalars(select(OpenUpload)).all()
    for row in rows:
        if row.expires <= now_ms():
            try:
                _remove(store, row, only_expired=True)
            except BeingWritten:
                continue
    growing.sweep(store.folder, {row.kept_name for row in rows}, ABANDONED_S)


def _remove(store: Store, row: OpenUpload, *, only_expired: bool = False) -> None:
    """`only_expired`: not if a piece came until now, which keeps it for longer."""
    gone = delete(OpenUpload).where(OpenUpload.id == row.id)
    with Growing.held(store.folder, row.kept_name) as file, store.writing() as db:
        if only_expired:
            gone = gone.where(OpenUpload.expires <= now_ms())
        if db.execute(gone.returning(OpenUpload.id)).all() or not only_expired:
            after_commit(db, file.remove)


def _expiry(store: Store) -> int:
    return now_ms() + round(store.settings.keep_uploads_h * 3_600_000)


def _require_offset(row: OpenUpload, offset: int) -> None:
    if offset != row.offset:
        raise WrongOffset("{offset} bytes have come of upload {upload}: go on there.", offset=row.offset, upload=row.id)
