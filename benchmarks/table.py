"""A CSV table that grows by one row at a finished run, so that a benchmark can go on later."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


class Table:
    """Rows on disk, told apart by their key columns.

    Parameters
    ----------
    name : of the file in results/, without suffix.
    keys, values : columns.
    """

    def __init__(self, name: str, keys: Iterable[str], values: Iterable[str]) -> None:
        self.path = RESULTS / f"{name}.csv"
        self.keys = tuple(keys)
        self.columns = (*self.keys, *values)
        self.path.parent.mkdir(exist_ok=True)
        if not self.path.exists():
            self._append(self.columns)
        self.done = {self._key(row) for row in self.rows()}

    def rows(self) -> list[dict[str, str]]:
        """Every row so far."""
        with self.path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def has(self, **key: object) -> bool:
        """Whether a run is finished."""
        return tuple(str(key[k]) for k in self.keys) in self.done

    def add(self, **row: object) -> None:
        """Write a finished run at once."""
        self._append([_text(row[c]) for c in self.columns])
        self.done.add(tuple(str(row[k]) for k in self.keys))

    def change(self, row: dict[str, str]) -> None:
        """Replace the row of the same key: the table is written as a whole."""
        rows = [row if self._key(row) == self._key(old) else old for old in self.rows()]
        beside = self.path.with_suffix(".new")
        with beside.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, self.columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        beside.replace(self.path)

    def _key(self, row: dict[str, str]) -> tuple[str, ...]:
        return tuple(row[k] for k in self.keys)

    def _append(self, cells: Iterable[str]) -> None:
        with self.path.open("a", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerow(list(cells))
            file.flush()
            os.fsync(file.fileno())


def _text(value: object) -> str:
    return f"{value:.5g}" if isinstance(value, float) else str(value)
