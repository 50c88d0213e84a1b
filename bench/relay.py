"""A TCP relay that is as slow as a thin line: each direction has a rate and a delay of its own."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from queue import Queue
from threading import Thread

_CHUNK_BYTES = 256
_QUEUED_CHUNKS = 64
"""16 KiB wait in the line at most; then its sender has to."""


class Relay:
    """Listens on 127.0.0.1 and passes on to a port there; daemon threads, ends with the process."""

    def __init__(self, to_port: int, bytes_per_second: float, delay_seconds: float) -> None:
        self._to_port = to_port
        self._rate = bytes_per_second
        self._delay = delay_seconds
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            near, _ = self._listener.accept()
            far = socket.create_connection(("127.0.0.1", self._to_port))
            for end in (near, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for source, target in ((near, far), (far, near)):
                line: Queue[tuple[float, bytes]] = Queue(_QUEUED_CHUNKS)
                Thread(target=self._take, args=(source, line), daemon=True).start()
                Thread(target=self._give, args=(line, target), daemon=True).start()

    def _take(self, source: socket.socket, line: Queue[tuple[float, bytes]]) -> None:
        free_at = 0.0
        data = b"-"
        while data:
            data = b""
            with suppress(OSError):
                data = source.recv(_CHUNK_BYTES)
            # The line is busy with what came before; then these bytes take their time on it.
            free_at = max(free_at, time.monotonic()) + len(data) / self._rate
            line.put((free_at + self._delay, data))
            time.sleep(max(0.0, free_at - time.monotonic()))

    def _give(self, line: Queue[tuple[float, bytes]], target: socket.socket) -> None:
        data = b"-"
        while data:
            due, data = line.get()
            time.sleep(max(0.0, due - time.monotonic()))
            with suppress(OSError):
                if data:
                    target.sendall(data)
                else:
                    target.shutdown(socket.SHUT_WR)
