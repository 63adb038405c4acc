"""`atrisys serve`: the server, in as many processes as asked for."""

import gc
import ipaddress
import socket
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from atrisys.cli.installation import data_option, hand_on, opened
from atrisys.cli.speaking import say
from atrisys.errors import Misconfigured

if TYPE_CHECKING:
    from atrisys.settings import Settings

BACKLOG = 2048
KEPT_ALIVE_S = 75
"""An idle connection stays open: viewers come back to it, and proxies that keep theirs for a minute find it so."""
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"class": "atrisys.store.log_lines.OneLine", "format": "%(asctime)s %(levelname)s %(message)s"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain", "stream": "ext://sys.stderr"}},
    "loggers": {
        "uvicorn": {"level": "WARNING", "handlers": ["stderr"], "propagate": False},
        "atrisys": {"level": "INFO", "handlers": ["stderr"], "propagate": False},
    },
}


@dataclass(frozen=True)
class Door:
    """Where the server listens. The socket is open already: who comes before the server is ready waits a moment."""

    host: str
    socket: socket.socket
    tls: "tuple[str, str] | None" = None

    @property
    def address(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.socket.getsockname()[1]}"


@click.command()
@click.option("--host", default="127.0.0.1", metavar="H", help="Address to listen on (default: this machine only).")
@click.option("--port", default=8000, type=click.IntRange(0, 65535), metavar="P", help="Default 8000; 0: a free one.")
@click.option("--workers", default=1, type=click.IntRange(1, 256), metavar="N", help="Server processes (default 1).")
@click.option("--tls-cert", type=click.Path(exists=True, dir_okay=False), metavar="F", help="Certificate chain (PEM).")
@click.option("--tls-key", type=click.Path(exists=True, dir_okay=False), metavar="F", help="Its private key (PEM).")
@data_option
def serve(host: str, port: int, workers: int, tls_cert: str | None, tls_key: str | None) -> None:
    """Run the server until it is interrupted.

    A database of an earlier version is backed up and brought to this one first.

    \b
    Example:  atrisys serve --port 8000 --workers 2
              atrisys serve --host 0.0.0.0 --tls-cert chain.pem --tls-key key.pem
    """
    from atrisys.jobs.place import place_for

    door = open_door(host, port, read_tls(tls_cert, tls_key))
    with opened() as store:
        settings = store.settings
    place_for(settings, {}).close()
    warn_of_plain_http(door, settings)
    number = f", {workers} processes" if workers > 1 else ""
    say(f"ATrISys listens on {door.address} (data in {settings.data.absolute()}{number}). Stop it with Ctrl+C.")
    run_server(door, workers, settings)


def open_door(host: str, port: int, tls: "tuple[str, str] | None" = None) -> Door:
    """Bind and listen. Raises Misconfigured where the port is taken or the address is not this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise Misconfigured(
            "Nothing can listen on {host}, port {port}: {reason}. "
            "Name another with --port (make demo: port=8001) or --host.",
            host=host,
            port=port,
            reason=error.strerror or str(error),
        ) from error
    listening.set_inheritable(True)
    return Door(host, listening, tls)


def read_tls(cert: str | None, key: str | None) -> "tuple[str, str] | None":
    """The pair of files, once it is known that they fit each other. Raises Misconfigured."""
    if not cert and not key:
        return None
    if not cert or not key:
        raise Misconfigured("TLS needs both files: --tls-cert and --tls-key.")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key)
    except (ssl.SSLError, OSError) as error:
        raise Misconfigured(
            "The certificate {cert} and the key {key} cannot be used: {reason}.", cert=cert, key=key, reason=str(error)
        ) from error
    return cert, key


def warn_of_plain_http(door: Door, settings: "Settings") -> None:
    """Keys and passwords go over the line in clear where nobody encrypts it."""
    behind_tls = settings.public_url.startswith("https://") and settings.trusted_proxies
    if door.tls or behind_tls or is_this_machine(door.host):
        return
    say(
        "Warning: other machines can reach this server, and without TLS their passwords and keys can be read on the "
        "way. Give --tls-cert and --tls-key, or put a proxy with TLS before it (ATRISYS_PUBLIC_URL, "
        "ATRISYS_TRUSTED_PROXIES)."
    )


def is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def run_server(door: Door, workers: int, settings: "Settings") -> None:
    """Serve on an open door until a signal comes."""
    import uvicorn

    from atrisys.cli.workers import run_workers
    from atrisys.wire.connection import Connection

    hand_on(settings)
    # What is loaded stays: looking through it meanwhile takes a tenth of the time. The application puts it on again.
    gc.disable()
    config = uvicorn.Config(
        "atrisys.app:create_app",
        factory=True,
        workers=workers,
        http=Connection,
        ws="none",
        lifespan="on",
        log_config=LOGGING,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=10,
        timeout_keep_alive=KEPT_ALIVE_S,
        ssl_certfile=door.tls[0] if door.tls else None,
        ssl_keyfile=door.tls[1] if door.tls else None,
    )
    try:
        if workers == 1:
            uvicorn.Server(config).run(sockets=[door.socket])
        else:
            run_workers(config, [door.socket], settings)
    except KeyboardInterrupt:
        say("Stopped.")
