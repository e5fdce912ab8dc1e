"""LatestRequestQueue: work of which only the latest requests matter, done by one worker."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable, Iterable
from functools import partial

from msgspec import Struct
from PySide6.QtCore import QObject, Signal, Slot

from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.ui.task_thread import TaskRunner

LINGER_SECONDS = 1.0  # starting a thread takes milliseconds, and the mouse moves on


class Response(Struct, frozen=True):
    """A request and what came of it: a result, or the error that was raised."""

    request: Hashable
    result: object = None
    error: Exception | None = None


class LatestRequestQueue(QObject):
    """Answers requests in a worker, the first of the list first; a new list replaces the last one.

    Signals
    -------
    response(Response) : in the interface's thread; a request that was withdrawn while the worker
        was at it is answered all the same.
    cancelled() : the requests were cancelled, with all other tasks of the window.

    Parameters
    ----------
    tasks : where the worker runs.
    title : of the work, for the log.
    compute : makes a result of a request; called in the worker.
    """

    response = Signal(object)
    cancelled = Signal()

    def __init__(
        self,
        tasks: TaskRunner,
        title: str,
        compute: Callable[[Hashable], object],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._tasks, self._title, self._compute = tasks, title, compute
        self._changed = threading.Condition()
        self._requests: deque[Hashable] = deque()
        self._run = 0  # number of the present worker; earlier ones were cancelled
        self._alive = False
        self.current: Hashable = None

    def ask(self, requests: Iterable[Hashable]) -> None:
        """Request these, and nothing else any more."""
        with self._changed:
            self._requests = deque(requests)
            start = bool(self._requests) and not self._alive
            self._alive = self._alive or start
            run = self._run
            self._changed.notify()
        if start:
            task = self._tasks.start(self._title, partial(self._work, run), quiet=True)
            task.reported.connect(self._on_response)
            task.cancelled.connect(self._on_cancelled)

    @property
    def idle(self) -> bool:
        """Whether nothing is requested and nothing is under way."""
        with self._changed:
            return not self._requests and self.current is None

    def _work(self, run: int, _token: CancelToken, port: ProgressPort) -> None:
        while (request := self._next(run)) is not None:
            try:
                port.report(Response(request, self._compute(request)))
            except Exception as error:  # noqa: BLE001 - the requester decides
                port.report(Response(request, error=error))

    def _next(self, run: int) -> Hashable:
        """The next request; None when the worker is to end, after a while without any."""
        with self._changed:
            if run == self._run:
                self.current = None
            while run == self._run:
                if self._requests:
                    self.current = self._requests.popleft()
                    return self.current
                if not self._changed.wait(LINGER_SECONDS) and not self._requests:
                    self._alive = self._alive and run != self._run
                    return None
            return None

    @Slot(object)
    def _on_response(self, response: Response) -> None:
        self.response.emit(response)

    @Slot()
    def _on_cancelled(self) -> None:
        """The task was cancelled together with others: what is requested next gets a new one."""
        with self._changed:
            self._run += 1
            self._requests.clear()
            self._alive, self.current = False, None
            self._changed.notify_all()
        self.cancelled.emit()
