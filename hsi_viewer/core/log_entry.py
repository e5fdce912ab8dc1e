"""LogEntry: one thing that happened while the application ran."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from hsi_viewer.core.text import escaped, message, shortened

Level = Literal["info", "success", "warning", "error"]
MOST_DETAIL = 20_000  # characters
LEVELS: tuple[Level, ...] = get_args(Level)


@dataclass(frozen=True)
class LogEntry:
    """A notice or a log record.

    Attributes
    ----------
    time : when it happened.
    level : how grave it is; LEVELS is in ascending order.
    text : what the user is told.
    detail : e.g. a traceback, or "".
    """

    time: datetime
    level: Level
    text: str
    detail: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", message(self.text))
        detail = "\n".join(escaped(line) for line in self.detail.split("\n"))
        object.__setattr__(self, "detail", shortened(detail, MOST_DETAIL))

    @property
    def as_text(self) -> str:
        """Written out, as it is copied."""
        line = f"{self.time:%Y-%m-%d %H:%M:%S} {self.level.upper()} {self.text}"
        return f"{line}\n{self.detail}" if self.detail else line
