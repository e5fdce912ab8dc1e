"""Several parts of a scene at once: numpy leaves the lock of Python while it computes."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

from hsi_viewer.core.progress import Progress, ProgressPort

THREADS = min(4, os.cpu_count() or 1)  # each needs the memory of a part

Part = TypeVar("Part")
Result = TypeVar("Result")


def side_by_side(work: Callable[[Part], Result], parts: Iterable[Part]) -> Iterator[Result]:
    """Results of a function of each part, in their order; it must not change what others read.

    No more parts are begun than there are threads, so that few results wait. An error ends it as
    it would one part after the other.
    """
    left = iter(parts)
    first = list(islice(left, 2))
    if len(first) < 2 or THREADS < 2:
        yield from map(work, first)
        yield from map(work, left)
        return
    with ThreadPoolExecutor(THREADS, "parts") as pool:
        waiting: deque[Future[Result]] = deque()
        try:
            for part in (*first, *islice(left, THREADS - 2)):
                waiting.append(pool.submit(work, part))
            while waiting:
                result = waiting.popleft().result()
                waiting.extend(pool.submit(work, part) for part in islice(left, 1))
                yield result
        finally:
            pool.shutdown(cancel_futures=True)


def each_part(
    work: Callable[[Part], object], parts: Sequence[Part], message: str, port: ProgressPort
) -> None:
    """Do a piece of work for each part, side by side, and report the share that is done."""
    for done, _ in enumerate(side_by_side(work, parts), 1):
        port.report(Progress(message, done / len(parts)))
