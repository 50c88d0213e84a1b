"""Calls that may hang, on threads that nobody waits for when the process ends."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any, TypeVar

_Result = TypeVar("_Result")


class DaemonPool:
    """At most so many calls at once. `ThreadPoolExecutor`'s threads are joined at exit, and an
    engine that does not answer would hold the whole process up for as long as its requests last.
    """

    def __init__(self, most: int, name: str) -> None:
        self._most, self._name = most, name
        self._lock = Lock()
        self._work: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._threads = 0
        self._busy = 0
        """Calls that were taken on and are not over."""

    def submit(self, call: Callable[[], _Result]) -> Future[_Result]:
        """Have it called soon; its result, or what it raised, is the future's."""
        future: Future[_Result] = Future()
        with self._lock:
            self._busy += 1
            if self._busy > self._threads < self._most:
                self._threads += 1
                Thread(target=self._serve, name=self._name, daemon=True).start()
        self._work.put((future, call))
        return future

    def close(self) -> None:
        """Call nothing any more; what is under way ends on its own."""
        while True:
            try:
                work = self._work.get_nowait()
            except Empty:
                break
            if work is not None:
                work[0].cancel()
        for _ in range(self._threads):
            self._work.put(None)

    def _serve(self) -> None:
        while (work := self._work.get()) is not None:
            self._answer(*work)
            # Held until the next call, it would keep what was answered.
            del work

    def _answer(self, future: Future[Any], call: Callable[[], Any]) -> None:
        is_wanted = future.set_running_or_notify_cancel()
        try:
            result = call() if is_wanted else None
        except BaseException as error:  # whatever it is, it is told to who asked
            self._has_ended()
            future.set_exception(error)
            return
        # Before the answer is told: who asks again at once finds this thread free.
        self._has_ended()
        if is_wanted:
            future.set_result(result)

    def _has_ended(self) -> None:
        with self._lock:
            self._busy -= 1
