"""The looks that `atrisys doctor` takes, each at one thing that can be wrong."""

import ipaddress
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from atrisys.cli.installation import key_box, read_settings, ready_for_pictures
from atrisys.errors import Refusal, SlideUnreadable

if TYPE_CHECKING:
    from atrisys.settings import Settings
    from atrisys.store.files import DataFolder
    from atrisys.store.session import Store
    from atrisys.store.tables import SecUser

LITTLE_ROOM_GB = 5
NO_ROOM_GB = 0.5
MOST_NAMED = 5
LIBRARIES = ("numpy", "shapely", "PIL", "tifffile", "imagecodecs", "openslide", "sqlalchemy", "uvicorn")


@dataclass(frozen=True)
class Finding:
    """What one look found."""

    check: str
    state: Literal["well", "look", "wrong"]
    """`look`: it works, but somebody should know."""
    says: str
    mend: str = ""


Look = Callable[[], Iterator[Finding]]


def examine() -> Iterator[Finding]:
    """All looks, in an order in which a later one may rely on the earlier ones."""
    from atrisys.store.session import Store

    try:
        settings = read_settings()
        yield Finding("settings", "well", "All settings can be used.")
    except Refusal as refusal:
        yield Finding("settings", "wrong", str(refusal), "docs/settings.md says what each may be.")
        return
    yield from libraries()
    yield from _try("public address", lambda: public_address(settings))
    yield from _try("data folder", lambda: data_folder(settings))
    try:
        store = Store(settings)
    except Refusal as refusal:
        yield Finding("database", "wrong", str(refusal), "Look at ATRISYS_DATABASE_URL.")
        return
    try:
        ready = True
        for finding in _try("database", lambda: database(store)):
            ready = ready and finding.state == "well"
            yield finding
        if ready:
            yield from _try("accounts", lambda: accounts(store))
            yield from _try("clock", lambda: clock(store))
            yield from _try("log", lambda: change_log(store))
            yield from _try("files", lambda: files(store))
            if settings.dask_scheduler:
                yield from _try("cluster", lambda: cluster(store))
    finally:
        store.close()
    yield from _try("pictures", lambda: pictures(settings))


def _try(check: str, look: Look) -> Iterator[Finding]:
    """A look that fails is a finding too."""
    try:
        yield from look()
    except Refusal as refusal:
        yield Finding(check, "wrong", str(refusal))
    except Exception as error:
        yield Finding(check, "wrong", f"The look itself failed: {error!r}", "Send this line to ATrISys' makers.")


def libraries() -> Iterator[Finding]:
    """Everything that is installed can also be loaded."""
    broken = []
    for name in LIBRARIES:
        try:
            import_module(name)
        except Exception as error:
            broken.append(f"{name} ({error})")
    if broken:
        yield Finding(
            "libraries", "wrong", f"Cannot be loaded: {', '.join(broken)}.", "Install ATrISys anew: pip install atrisys"
        )
    else:
        yield Finding("libraries", "well", "All libraries can be loaded.")


def public_address(settings: "Settings") -> Iterator[Finding]:
    """ATRISYS_PUBLIC_URL and ATRISYS_TRUSTED_PROXIES are what they should be."""
    check = "public address"
    for proxy in settings.trusted_proxies:
        if proxy == "*":
            yield Finding(
                check,
                "look",
                "Every address is believed to be a proxy (ATRISYS_TRUSTED_PROXIES=*): anybody may say whom they are.",
                "Name the proxy's own address.",
            )
            continue
        try:
            ipaddress.ip_network(proxy, strict=False)
        except ValueError:
            mend = "Write addresses or networks, comma separated: 10.0.0.5,192.168.1.0/24"
            yield Finding(check, "wrong", f"ATRISYS_TRUSTED_PROXIES holds {proxy}, which is no address.", mend)
    if not settings.public_url:
        yield Finding(check, "well", "ATRISYS_PUBLIC_URL is empty: addresses are as each request says.")
        return
    parts = urlsplit(settings.public_url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        says = f"ATRISYS_PUBLIC_URL is {settings.public_url}, which is no address of a site."
        yield Finding(check, "wrong", says, "Write it as https://slides.example.org or https://example.org/atrisys")
    elif parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        says = "ATRISYS_PUBLIC_URL begins with http: passwords and keys can be read on the way."
        yield Finding(check, "look", says, "Serve it over TLS, and write https://…")
    else:
        yield Finding(check, "well", f"People reach ATrISys at {settings.public_url}.")


def data_folder(settings: "Settings") -> Iterator[Finding]:
    """It can be written to, lies on a disk of this machine, has room, and its secret is one."""
    from atrisys.store.disk import network_share_of
    from atrisys.store.files import DataFolder

    folder = DataFolder(settings.data)
    folder.prepare()
    for place in (folder.root, folder.files, folder.clean, folder.results, folder.tmp, folder.backups):
        try:
            with tempfile.TemporaryFile(dir=place):
                pass
        except OSError as error:
            mend = f"Make it writable for the user who runs ATrISys ({os.geteuid()})."
            yield Finding("data folder", "wrong", f"{place} cannot be written to: {error.strerror}.", mend)
            return
    yield Finding("data folder", "well", f"{folder.root} can be written to.")
    share = network_share_of(folder.root)
    if share and not settings.database_url:
        mend = "Move the folder to a disk of this machine, or use PostgreSQL (ATRISYS_DATABASE_URL)."
        yield Finding("data folder", "wrong", f"It lies on a network share ({share}), where SQLite loses data.", mend)
    yield from _room(folder.root)
    yield from _secret(folder)


def _room(root: Path) -> Iterator[Finding]:
    free_gb = shutil.disk_usage(root).free / 1e9
    says, mend = f"{free_gb:.1f} GB are free.", "Make room, or move the data folder to a larger disk."
    if free_gb < NO_ROOM_GB:
        yield Finding("room", "wrong", says, mend)
    elif free_gb < LITTLE_ROOM_GB:
        yield Finding("room", "look", says, mend)
    else:
        yield Finding("room", "well", says)


def _secret(folder: "DataFolder") -> Iterator[Finding]:
    file = folder.secret_file
    if not file.exists():
        yield Finding("secret", "well", "It is made at the first start.")
    elif stat.S_IMODE(file.stat().st_mode) & 0o077:
        yield Finding("secret", "wrong", f"{file} can be read by others.", f"chmod 600 {file}")
    elif len(folder.secret()) != 32:
        mend = "Put the right one back from a backup: API keys cannot be read without it."
        yield Finding("secret", "wrong", f"{file} does not hold 32 bytes.", mend)
    else:
        yield Finding("secret", "well", "Its owner alone can read it.")


def database(store: "Store") -> Iterator[Finding]:
    """It answers, is of this version, finds nothing wrong with itself, and has PostGIS where it is PostgreSQL."""
    from atrisys.store import spatial, upgrade

    store.wait_until_up(3)
    before = upgrade.version_of(store)
    if before is None:
        upgrade.prepare(store)
        before = upgrade.HEAD
    if before != upgrade.HEAD:
        says = f"The database is of version {before}, this program of {upgrade.HEAD}."
        mend = "`atrisys serve` backs it up and brings it forward; a database of a later version needs that program."
        yield Finding("database", "look", says, mend)
        return
    with store.engine.connect() as connection:
        spatial.extensions(connection)
    if problem := spatial.integrity_problem(store.engine):
        mend = f"Stop the server, keep a copy of {store.folder.root}, and put a backup back."
        yield Finding("database", "wrong", f"Its own check says: {problem}.", mend)
    else:
        yield Finding("database", "well", f"Version {before}, and its own check finds nothing wrong.")


def accounts(store: "Store") -> Iterator[Finding]:
    """Somebody can sign in, and the keys can be read with this installation's secret."""
    from sqlalchemy import func, select

    from atrisys.cli.installation import first_administrator
    from atrisys.store.tables import SecUser

    with store.reading() as db:
        count = db.scalar(select(func.count(SecUser.id))) or 0
        user = db.scalars(select(SecUser).order_by(SecUser.id.desc()).limit(1)).first()
        admin = first_administrator(db)
        if user is not None and not _is_locked_with_ours(store, user):
            mend = f"Put the file {store.folder.secret_file} back that belongs to this database."
            yield Finding("accounts", "wrong", "The secret is not the one that the API keys were locked with.", mend)
            return
    mend = "Make one: atrisys user add NAME --role admin"
    if admin is None:
        yield Finding("accounts", "look", f"There is no administrator among {count} accounts.", mend)
    else:
        yield Finding("accounts", "well", f"Accounts: {count}.")


def _is_locked_with_ours(store: "Store", user: "SecUser") -> bool:
    from cryptography.exceptions import InvalidTag

    if not store.folder.secret_file.exists():
        return False
    try:
        key_box(store).open(user.private_key, user.public_key)
    except InvalidTag:
        return False
    return True


def clock(store: "Store") -> Iterator[Finding]:
    """Time has not gone back: signed requests are judged by it."""
    from sqlalchemy import func, select

    from atrisys.store.tables import Change

    with store.reading() as db:
        latest = db.scalar(select(func.max(Change.created))) or 0
    ahead_s = latest / 1000 - time.time()
    if ahead_s > 60:
        says = f"The last change was written {ahead_s:.0f} seconds after now: the clock has been put back."
        yield Finding("clock", "wrong", says, "Set the clock (for instance with NTP).")
    else:
        yield Finding("clock", "well", f"It is {time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime())} UTC.")


def change_log(store: "Store") -> Iterator[Finding]:
    """Every line of the log is as it was when it was sealed."""
    from atrisys.actions.seal_log import verify_log

    if not store.folder.secret_file.exists():
        # Nothing can be told without it, and none is made in its place: `accounts` says so where one is missed.
        return
    found = verify_log(store)
    if found.problem:
        mend = "Somebody wrote to the database past ATrISys, or its secret is another: compare with a backup."
        yield Finding("log", "wrong", found.problem, mend)
    else:
        says = f"{found.seals} seals over {found.lines} lines hold; {found.unsealed} lines came after the last of them."
        yield Finding("log", "well", says)


def files(store: "Store") -> Iterator[Finding]:
    """Every uploaded and attached file is there, as large as it was."""
    from sqlalchemy import select

    from atrisys.store.tables import AttachedFile, UploadedFile

    missing: list[str] = []
    cut: list[str] = []
    count = 0
    uploaded = select(UploadedFile.id, UploadedFile.filename, UploadedFile.original_filename, UploadedFile.size)
    attached = select(AttachedFile.id, AttachedFile.kept_name, AttachedFile.filename, AttachedFile.size)
    with store.reading() as db:
        for id, name, original, size in db.execute(uploaded.where(UploadedFile.filename != "").union_all(attached)):
            count += 1
            path = store.folder.path_of(name)
            if not path.exists():
                missing.append(f"{original} ({id})")
            elif path.is_file() and path.stat().st_size != size:
                cut.append(f"{original} ({id})")
    if missing:
        yield Finding("files", "wrong", f"{len(missing)} files are missing: {_named(missing)}.", _put_back(store))
    if cut:
        says = f"{len(cut)} files are not as large as when they were uploaded: {_named(cut)}."
        yield Finding("files", "wrong", says, _put_back(store))
    if not missing and not cut:
        yield Finding("files", "well", f"{count} uploaded and attached files are there.")


def _named(names: list[str]) -> str:
    return ", ".join(names[:MOST_NAMED]) + (", …" if len(names) > MOST_NAMED else "")


def _put_back(store: "Store") -> str:
    return f"Put them back below {store.folder.files} from a backup, or delete their records."


def cluster(store: "Store") -> Iterator[Finding]:
    """The scheduler answers, and every worker sees this data folder and this database."""
    from sqlalchemy import select

    from atrisys.jobs.place import examine_workers
    from atrisys.store.tables import SecUser

    address = store.settings.dask_scheduler
    with store.reading() as db:
        known = db.execute(select(SecUser.id, SecUser.created).order_by(SecUser.id).limit(1)).first()
    found = examine_workers(store, (known.id, known.created) if known else None)
    mend = "docs/jobs.md says what a worker needs."
    wrong = [f"{worker}: {problem}" for worker, problem in found.items() if problem]
    if wrong:
        yield Finding("cluster", "wrong", " ".join(wrong), mend)
    elif not found:
        yield Finding("cluster", "wrong", f"The scheduler at {address} has no workers: jobs wait.", mend)
    else:
        yield Finding(
            "cluster", "well", f"Workers at {address} that see the data folder and the database: {len(found)}."
        )
    host = urlsplit(address).hostname or ""
    if not address.startswith("tls://") and host not in ("localhost", "127.0.0.1", "::1"):
        says = (
            "The way to the cluster is not encrypted, and whoever reaches the scheduler runs programs on its workers."
        )
        yield Finding("cluster", "look", says, "Use tls://… and certificates (ATRISYS_DASK_CA_FILE and its like).")
    if not store.settings.database_url:
        says = "Jobs run on a cluster and the database is SQLite: every worker must be on this machine."
        yield Finding("cluster", "look", says, "Use PostgreSQL (ATRISYS_DATABASE_URL).")


def pictures(settings: "Settings") -> Iterator[Finding]:
    """A picture worker starts and reads a slide, within the limits that the settings give."""
    import numpy as np

    from atrisys.imaging.reader import Box
    from atrisys.imaging.slides import inspect, open_slide
    from atrisys.imaging.write_pyramid import Looks, WrittenLevel, write_pyramid

    ready_for_pictures(settings)
    plain = np.full((512, 512, 3), 200, np.uint8)
    levels = [WrittenLevel(512, 512, [plain]), WrittenLevel(256, 256, [plain[:256, :256]])]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "look.tif"
        with path.open("wb") as file:
            write_pyramid(file, levels, Looks())
        try:
            facts = inspect(path)
            pixels = open_slide(path, facts.format).read_region(Box(0, 0, facts.width, facts.height))
        except SlideUnreadable as failure:
            mend = "Raise ATRISYS_PICTURE_MEMORY_MB or ATRISYS_PICTURE_TIMEOUT_S, whose limits end decoders."
            yield Finding("pictures", "wrong", f"{failure}.", mend)
            return
    if pixels.shape != (512, 512, 3) or abs(int(pixels.mean()) - 200) > 2:
        yield Finding("pictures", "wrong", "A slide made for this look was not read as it is.", "Install ATrISys anew.")
    else:
        yield Finding("pictures", "well", "Picture workers start and read slides.")
