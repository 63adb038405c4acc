"""The connection between a browser and the server: a relay that is slow when asked to, and can be cut."""

import contextlib
import socket
import time
from threading import Thread

PIECE = 1 << 14


class Line:
    def __init__(self, port: int) -> None:
        self.bytes_a_second: float | None = None
        self.bytes_sent = 0
        self._port, self._is_cut = port, False
        self._open: list[socket.socket] = []
        self._door = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._door.getsockname()[1]}"
        Thread(target=self._let_in, daemon=True).start()

    def cut(self) -> None:
        """All connections break, and no new one comes about."""
        self._is_cut = True
        while self._open:
            end = self._open.pop()
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def mend(self) -> None:
        self._is_cut = False

    def close(self) -> None:
        self._door.close()
        self.cut()

    def _let_in(self) -> None:
        while True:
            try:
                browser, _ = self._door.accept()
            except OSError:
                return
            if self._is_cut:
                browser.close()
                continue
            server = socket.create_connection(("127.0.0.1", self._port))
            self._open += [browser, server]
            Thread(target=self._pass_on, args=(browser, server, True), daemon=True).start()
            Thread(target=self._pass_on, args=(server, browser, False), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, is_upwards: bool) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(PIECE):
                if is_upwards and self.bytes_a_second:
                    time.sleep(len(piece) / self.bytes_a_second)
                target.sendall(piece)
                self.bytes_sent += len(piece) if is_upwards else 0
            target.shutdown(socket.SHUT_WR)
