"""The part of docs/accuracy.md about the faults that the tests notice."""

from __future__ import annotations

from collections.abc import Iterable

from benchmarks.markdown import Row, table
from benchmarks.mutants import is_equivalent

HEAD = (
    "layer",
    "sample",
    "faults put in",
    "equivalent",
    "noticed at once",
    "by a test written since",
    "unnoticed",
    "at once, of those that matter",
)


def mutants_section(rows: Iterable[Row]) -> str:
    """Counts by layer and sample: a fault that no test can notice does not matter."""
    samples: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        samples.setdefault((row["layer"], row["seed"]), []).append(row)
    in_order = sorted(samples.items(), key=lambda item: item[0][0])  # samples as they were drawn
    return table(HEAD, [[*sample, *_counts(found)] for sample, found in in_order])


def _counts(rows: list[Row]) -> list[str]:
    equivalent = sum(map(is_equivalent, rows))
    at_once = sum(row["result"] == "noticed" for row in rows)
    since = sum(row["result"] == "noticed by a new test" for row in rows)
    matter = len(rows) - equivalent
    counts = (len(rows), equivalent, at_once, since, matter - at_once - since)
    return [*map(str, counts), f"{100 * at_once / matter:.0f} %" if matter else ""]
