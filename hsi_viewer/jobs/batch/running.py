"""Runs tasks on a pool: what fails is tried again, unless it must fail, and then reported."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from dataclasses import dataclass

from msgspec import Struct

from hsi_viewer.core.errors import HsiError, ModelError
from hsi_viewer.core.progress import CancelToken, TaskCancelledError
from hsi_viewer.core.text import counted
from hsi_viewer.jobs.batch.compute import Task, TileDone
from hsi_viewer.jobs.batch.pools import Pool

ATTEMPTS = 3
MOST_PLACES = 3  # that are named of the tiles that failed
LASTING = (ModelError,)  # such as bands that do not match: it would fail again
STOPPED = "Stopped; what is finished is kept, and --continue resumes it."
LOOK = 0.2  # seconds after which a cancel is seen


class Failure(Struct, frozen=True):
    """A task that failed every time, or must fail, and why at last."""

    task: Task
    error: BaseException


@dataclass
class _Attempt:
    task: Task
    failed: int = 0
    alone: bool = False  # it was running when a process was lost


class Runner:
    """Runs tasks.

    Parameters
    ----------
    pool : where.
    tasks : made while others run.
    token : asked several times a second.
    on_end : called with each task that ended well, and with each that didn't.
    """

    def __init__(
        self,
        pool: Pool,
        tasks: Iterator[Task],
        token: CancelToken,
        on_end: Callable[[Task, TileDone | Failure], None],
    ) -> None:
        self._pool, self._tasks, self._token, self._on_end = pool, tasks, token, on_end
        self._again: deque[_Attempt] = deque()
        self._running: dict[Future[TileDone], _Attempt] = {}

    def run(self) -> None:
        """Run all tasks.

        Raises
        ------
        TaskCancelledError
            if the token was cancelled.
        """
        while True:
            self._token.check()
            self._fill()
            if not self._running:
                return
            done, _ = wait(self._running, LOOK, FIRST_COMPLETED)
            for future in done:
                self._ended(future)
            if not done and self._pool.is_broken:
                self._give_up_answers()

    def _fill(self) -> None:
        while len(self._running) < self._pool.at_once and not self._is_one_alone():
            attempt = self._next()
            if attempt is None:
                return
            try:
                future = self._pool.submit(attempt.task)
            except BrokenExecutor as error:
                if self._running:  # these end first
                    self._again.appendleft(attempt)
                    return
                self._failed(attempt, error)
            else:
                self._running[future] = attempt

    def _is_one_alone(self) -> bool:
        return any(attempt.alone for attempt in self._running.values())

    def _next(self) -> _Attempt | None:
        if self._again and not (self._again[0].alone and self._running):
            return self._again.popleft()
        if self._again:
            return None
        task = next(self._tasks, None)
        return None if task is None else _Attempt(task)

    def _give_up_answers(self) -> None:
        """What was submitted in the moment in which a process was lost may never be answered."""
        attempts = list(self._running.values())
        self._running.clear()
        for attempt in attempts:
            self._try_again(attempt, BrokenExecutor("a process was lost"))
        self._pool.restart()

    def _ended(self, future: Future[TileDone]) -> None:
        attempt = self._running.pop(future)
        error = future.exception()
        if error is None:
            self._on_end(attempt.task, future.result())
        elif isinstance(error, TaskCancelledError):
            raise error
        else:
            self._failed(attempt, error)

    def _failed(self, attempt: _Attempt, error: BaseException) -> None:
        self._try_again(attempt, error)
        if isinstance(error, BrokenExecutor) and not self._running:
            self._pool.restart()

    def _try_again(self, attempt: _Attempt, error: BaseException) -> None:
        if isinstance(error, LASTING):
            attempt.failed = ATTEMPTS
        elif isinstance(error, BrokenExecutor) and not attempt.alone:
            attempt.alone = True  # it may have been another task that ended the process
        else:
            attempt.failed += 1
        if attempt.failed < ATTEMPTS:
            self._again.append(attempt)
        else:
            self._on_end(attempt.task, Failure(attempt.task, error))


def explained(
    failures: Sequence[Failure], windows: Sequence[tuple[tuple[int, int], tuple[int, int]]]
) -> str:
    """Why tiles of a scene failed: what holds of all of it alone, else also where they are.

    Parameters
    ----------
    windows : rows and columns of each tile of the scene, half open.
    """
    reasons: dict[str, list[Failure]] = {}
    for failure in failures:
        reasons.setdefault(reason_of(failure.error), []).append(failure)
    texts = []
    for reason, found in reasons.items():
        tiles = [windows[f.task.index] for f in found[:MOST_PLACES]]
        places = [f"rows {r[0]} to {r[1]}, columns {c[0]} to {c[1]}" for r, c in tiles]
        if len(found) > MOST_PLACES:
            places.append(f"and {counted(len(found) - MOST_PLACES, 'more tile')}")
        lasting = isinstance(found[0].error, LASTING)
        texts.append(reason if lasting else f"Failed three times: {'; '.join(places)}: {reason}")
    return " ".join(texts)


def reason_of(error: BaseException) -> str:
    """Why something failed, in a sentence."""
    if isinstance(error, HsiError):
        return str(error)
    if isinstance(error, BrokenExecutor):
        return (
            "the process that computed it was ended, perhaps because memory ran out; use fewer "
            "--workers or a smaller --tile."
        )
    text = str(error).strip()
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
