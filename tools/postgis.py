#!/usr/bin/env python3
"""A PostgreSQL cluster with PostGIS for one command, on a free port of 127.0.0.1, gone without a trace afterwards.

    python tools/postgis.py [--install] [command …]

The command finds the cluster's address in ATRISYS_TEST_DATABASE_URL: an empty database, owned by a superuser, who may
make more of them. Without a command the address is printed and the cluster stays until it is interrupted.
PostgreSQL refuses to run as root: then the system's own `postgres` user runs it.
"""

import argparse
import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROLE = "atrisys"
PACKAGES = ("postgresql", "postgresql-postgis")
HOW_TO_GET_IT = f"""PostgreSQL with PostGIS was not found. How to get it:
  Debian, Ubuntu   apt-get install {" ".join(PACKAGES)}
  Fedora           dnf install postgresql-server postgis
  macOS            brew install postgresql postgis"""
# A test's cluster may forget everything when the power goes.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200", "timezone=UTC")


class Unusable(Exception):
    """There is no cluster to be had; the text says why and what to do."""


def find_programs() -> Path | None:
    """The folder with the newest `initdb` that has PostGIS beside it."""
    configs = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_config"), key=_major, reverse=True)
    on_path = shutil.which("pg_config")
    for config in [*configs, *([Path(on_path)] if on_path else [])]:
        folder, shared = (_ask(config, what) for what in ("--bindir", "--sharedir"))
        if (folder / "initdb").exists() and (shared / "extension" / "postgis.control").exists():
            return folder
    return None


def _major(config: Path) -> float:
    with contextlib.suppress(ValueError):
        return float(config.parent.parent.name)
    return 0.0


def _ask(config: Path, what: str) -> Path:
    return Path(subprocess.run([config, what], check=True, capture_output=True, text=True).stdout.strip())


def install_programs() -> None:
    """Debian's packages, where this user may install them."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    print(f"Installing {' and '.join(PACKAGES)} …", file=sys.stderr)
    calm = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in (["update", "-q"], ["install", "-qy", "--no-install-recommends", *PACKAGES]):
        done = subprocess.run(["apt-get", *step], check=False, stdin=subprocess.DEVNULL, stdout=sys.stderr, env=calm)
        if done.returncode:
            raise Unusable(f"`apt-get {' '.join(step)}` failed.\n{HOW_TO_GET_IT}")


@contextlib.contextmanager
def cluster(programs: Path) -> Iterator[str]:
    """Run a cluster of its own; the database's address while it lives."""
    runner = _runner()
    folder = Path(tempfile.mkdtemp(prefix="atrisys-postgis-"))
    try:
        password = secrets.token_urlsafe(24)
        _make(programs, folder, password, runner)
        server, port = _start(programs, folder, password, runner)
        try:
            yield f"postgresql+psycopg://{ROLE}:{password}@127.0.0.1:{port}/{ROLE}"
        finally:
            _stop(server)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _runner() -> dict:
    """Whose rights the cluster runs with: ours, or those of `postgres` when we are root."""
    if os.geteuid() != 0:
        return {}
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        raise Unusable("PostgreSQL refuses to run as root, and there is no system user `postgres`.") from None
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _make(programs: Path, folder: Path, password: str, runner: dict) -> None:
    if runner:
        os.chown(folder, runner["user"], runner["group"])
    secret = folder / "password"
    secret.write_text(password)
    secret.chmod(0o600)
    if runner:
        os.chown(secret, runner["user"], runner["group"])
    options = [f"--username={ROLE}", f"--pwfile={secret}", "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale"]
    command = [programs / "initdb", f"--pgdata={folder / 'data'}", "--no-sync", *options]
    made = subprocess.run(command, check=False, capture_output=True, text=True, cwd=folder, **runner)
    if made.returncode:
        raise Unusable(f"initdb failed:\n{made.stdout}{made.stderr}")


def _start(programs: Path, folder: Path, password: str, runner: dict) -> tuple[subprocess.Popen, int]:
    """Another program may take the port between our asking and our using it: three tries."""
    log = folder / "log"
    for _ in range(3):
        port = _free_port()
        settings = ("listen_addresses=127.0.0.1", "unix_socket_directories=", f"port={port}", *FAST)
        command = [programs / "postgres", "-D", folder / "data", *(part for one in settings for part in ("-c", one))]
        with log.open("ab") as out:
            # A session of its own: an interrupt at the keyboard must reach the tests first, not their database.
            server = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=folder, start_new_session=True, **runner
            )
        try:
            if _answers(server, programs, port, password):
                return server, port
        except BaseException:
            _stop(server)
            raise
        _stop(server)
    raise Unusable(f"PostgreSQL did not start:\n{log.read_text(errors='replace')[-4000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _answers(server: subprocess.Popen, programs: Path, port: int, password: str) -> bool:
    """Wait for the server, make sure that PostGIS loads, and make the empty database."""
    psql = [programs / "psql", "-qtAX", "-h", "127.0.0.1", "-p", str(port), "-U", ROLE, "-v", "ON_ERROR_STOP=1"]
    environment = {**os.environ, "PGPASSWORD": password}
    ready = [programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
    deadline = time.monotonic() + 60
    while subprocess.run(ready, check=False).returncode:
        if server.poll() is not None or time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    wanted = ["-c", "CREATE EXTENSION postgis", "-c", f"CREATE DATABASE {ROLE}", "-c", "SELECT postgis_full_version()"]
    asked = subprocess.run(
        [*psql, "-d", "postgres", *wanted], check=False, capture_output=True, text=True, env=environment
    )
    if asked.returncode:
        raise Unusable(f"PostGIS does not load:\n{asked.stderr}")
    return True


def _stop(server: subprocess.Popen) -> None:
    """SIGINT is PostgreSQL's fast shutdown: open sessions are ended."""
    if server.poll() is None:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.send_signal(signal.SIGQUIT)
            server.wait(30)


def run(command: list[str], address: str) -> int:
    """The command's exit status; without a command, wait until somebody interrupts."""
    if not command:
        print(address, flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                time.sleep(3600)
        return 0
    child = subprocess.Popen(command, env={**os.environ, "ATRISYS_TEST_DATABASE_URL": address})
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            continue
        except SystemExit:
            child.terminate()
            child.wait()
            raise


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--install", action="store_true", help="install Debian's packages if missing (as root)")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="what to run while the cluster lives")
    asked = parser.parse_args()
    for one in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, lambda number, _frame: sys.exit(128 + number))
    try:
        if not find_programs() and asked.install:
            install_programs()
        programs = find_programs()
        if not programs:
            raise Unusable(HOW_TO_GET_IT)
        with cluster(programs) as address:
            return run(asked.command, address)
    except Unusable as reason:
        print(reason, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
