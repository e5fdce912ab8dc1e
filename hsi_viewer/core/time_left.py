"""TimeLeft: how long a task will still take, smoothed."""

from __future__ import annotations

SETTLING_SECONDS = 1.5  # before this the speed is not known
SETTLING_SHARE = 0.02
WEIGHT = 0.3  # of a new estimate against earlier estimates


class TimeLeft:
    """Estimates the end of a task from the share that is done.

    The speed is the mean since the task, or its present part, began: a share that falls, or is not
    known, or that is of other work, starts a new part. New estimates are smoothed against earlier
    ones, which count down by themselves, so that the figure does not jump.
    """

    def __init__(self) -> None:
        self._start: tuple[float, float] | None = None  # time, share
        self._last, self._part = 0.0, ""
        self._estimate: tuple[float, float] | None = None  # time, seconds left then

    def update(self, share: float | None, now: float, part: str = "") -> None:
        """Add a report.

        Parameters
        ----------
        share : 0..1 done, or None while the end is not known.
        now : seconds of a clock that does not go back.
        part : what is being done; the time of other work before says nothing about it.
        """
        if part != self._part:
            self._start = self._estimate = None
            self._part = part
        if share is None:
            self._start = self._estimate = None
            return
        if self._start is None or share < self._last:
            self._start, self._estimate = (now, share), None
        self._last = share
        elapsed, done = now - self._start[0], share - self._start[1]
        if elapsed < SETTLING_SECONDS or done < SETTLING_SHARE:
            return
        estimate = (1 - share) * elapsed / done
        before = self.seconds(now)
        if before is not None:
            estimate = WEIGHT * estimate + (1 - WEIGHT) * before
        self._estimate = (now, estimate)

    def seconds(self, now: float) -> float | None:
        """Seconds left, or None while unknown."""
        if self._estimate is None:
            return None
        return max(self._estimate[0] + self._estimate[1] - now, 0.0)


def in_words(seconds: float) -> str:
    """A time in round figures: "about 20 s left"."""
    if seconds < 5:
        return "a few seconds left"
    if seconds < 57.5:
        return f"about {5 * round(seconds / 5)} s left"
    if seconds < 3570:
        return f"about {round(seconds / 60)} min left"
    return f"about {round(seconds / 3600)} h left"


def took(seconds: float) -> str:
    """A time that something has taken: "13 s", "less than a second"."""
    return f"{seconds:.0f} s" if seconds >= 1 else "less than a second"
