"""Other servers of tiles, each as processes of its own: bare code, nginx, large_image, OpenSlide's DeepZoom.

large_image and OpenSlide live in a virtual environment that is made for the run and goes with its scratch folder. What
cannot be had is left out, with a note that says why.
"""

import math
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import tifffile

from bench.house import House, free_port, wait_for_ping

PACKAGES = (
    "large-image==1.35.6", "large-image-source-tiff==1.35.6", "large-image-source-openslide==1.35.6",
    "openslide-python==1.4.7", "openslide-bin==4.0.1.2", "pillow==13.0.0", "fastapi==0.165.0",
    "uvicorn[standard]==0.54.0",
)  # fmt: skip
BARE, NGINX, LARGE_IMAGE, DEEP_ZOOM = "bare pread", "nginx", "large_image", "OpenSlide DeepZoom"
NGINX_SETTINGS = """
daemon off; worker_processes {workers}; error_log {folder}/error.log; pid {folder}/pid; {user}
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; tcp_nopush on; tcp_nodelay on; keepalive_requests 1000000; default_type image/jpeg;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  server {{
    listen 127.0.0.1:{port}; root {folder}/tiles;
    location = /server/ping {{ return 200 ok; }}
  }}
}}
"""

Place = tuple[int, int, int]
"""Level of the file (0 is full resolution), column and row of its tiles."""


@dataclass(frozen=True)
class Peer:
    """A server that answers the same tiles."""

    name: str
    port: int
    pid: int
    address: Callable[[Place], str]


class Peers:
    """All that can be had on this machine."""

    def __init__(self, house: House) -> None:
        self._folder, self.notes = house.folder / "peers", list[str]()
        self._python = self._made_python()
        self._nginx = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        if self._nginx is None:
            self.notes.append("nginx was not found (on Debian: apt-get install nginx-light) and was left out.")

    @contextmanager
    def serving(
        self, slide: Path, places: Sequence[Place], steps: Sequence[int], workers: int, *names: str, cache: bool = True
    ) -> Iterator[list[Peer]]:
        """Those of these names that are to be had, until the block ends.

        Args:
            places: the tiles that will be asked for.
            steps: the downsample of each level, a power of two.
            cache: large_image keeps what it has made in memory, as it does by default.
        """
        with ExitStack() as ends:
            found: list[Peer] = []
            for name in names:
                if name == NGINX and self._nginx:
                    found.append(ends.enter_context(self._nginx_server(slide, places, workers)))
                elif name == BARE:
                    python = Path(sys.executable)
                    found.append(ends.enter_context(_app(python, name, "bare_tiles", slide, workers, _plain)))
                elif name in (LARGE_IMAGE, DEEP_ZOOM) and self._python:
                    module = "peer_large_image" if name == LARGE_IMAGE else "peer_deep_zoom"

                    def halved(place: Place) -> str:
                        return f"/{round(math.log2(steps[place[0]]))}/{place[1]}/{place[2]}"

                    app = _app(self._python, name, module, slide, workers, halved, PEER_CACHE="1" if cache else "")
                    found.append(ends.enter_context(app))
            yield found

    def _made_python(self) -> Path | None:
        """That of an environment with large_image and OpenSlide."""
        where = self._folder / "env"
        python = where / "bin" / "python"
        try:
            subprocess.run([sys.executable, "-m", "venv", str(where)], check=True, capture_output=True)
            install = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *PACKAGES]
            subprocess.run(install, check=True, capture_output=True, text=True)
        except (OSError, subprocess.CalledProcessError) as failure:
            said = str(getattr(failure, "stderr", "") or failure).strip().splitlines()
            self.notes.append(f"large_image and OpenSlide could not be installed and were left out ({said[-1]}).")
            return None
        return python

    @contextmanager
    def _nginx_server(self, slide: Path, places: Sequence[Place], workers: int) -> Iterator[Peer]:
        """The same bytes, each tile a file."""
        folder, port = self._folder / f"nginx-{workers}", free_port()
        _write_tiles(slide, places, folder / "tiles")
        settings = folder / "nginx.conf"
        user = "user root;" if os.geteuid() == 0 else ""
        settings.write_text(NGINX_SETTINGS.format(folder=folder, port=port, workers=workers, user=user))
        command = [str(self._nginx), "-p", str(folder), "-c", str(settings), "-e", str(folder / "error.log")]
        with _running(command, port) as pid:
            yield Peer(NGINX, port, pid, lambda place: "/{}/{}_{}.jpg".format(*place))


def _plain(place: Place) -> str:
    return "/{}/{}/{}".format(*place)


def _write_tiles(slide: Path, places: Sequence[Place], folder: Path) -> None:
    with tifffile.TiffFile(slide) as tif, slide.open("rb") as file:
        pages = [page.aspage() for page in tif.pages]
        for level, column, row in places:
            page = pages[level]
            index = row * -(-page.imagewidth // page.tilewidth) + column
            file.seek(page.dataoffsets[index])
            (folder / str(level)).mkdir(parents=True, exist_ok=True)
            (folder / str(level) / f"{column}_{row}.jpg").write_bytes(file.read(page.databytecounts[index]))


@contextmanager
def _app(
    python: Path, name: str, module: str, slide: Path, workers: int, address: Callable[[Place], str], **more: str
) -> Iterator[Peer]:
    """One of this folder's applications under uvicorn."""
    port = free_port()
    command = [str(python), "-m", "uvicorn", "--factory", f"bench.{module}:create_app", "--port", str(port)]
    command += ["--workers", str(workers), "--no-access-log", "--log-level", "warning"]
    with _running(command, port, BARE_SLIDE=str(slide), **more) as pid:
        yield Peer(name, port, pid, address)


@contextmanager
def _running(command: list[str], port: int, **environment: str) -> Iterator[int]:
    begun = time.perf_counter()
    root = Path(__file__).parents[1]
    process = subprocess.Popen(command, env={**os.environ, **environment}, cwd=root)
    try:
        wait_for_ping(port, process, begun)
        yield process.pid
    finally:
        process.terminate()
        process.wait(20)
