"""Parts that the pages of benchmarks are made of: tables in, Markdown and pictures out."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

import matplotlib as mpl
import numpy as np
from scipy import stats

from benchmarks.table import RESULTS

mpl.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

DOCS = Path(__file__).parents[1] / "docs"
Row = dict[str, str]


def rows_of(name: str) -> list[Row]:
    """The rows of a table, none if it is not there yet."""
    path = RESULTS / f"{name}.csv"
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def table(head: Iterable[str], body: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    head = list(head)
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def spread(values: list[float], digits: int = 1) -> str:
    """Mean and standard deviation."""
    deviation = f" ± {np.std(values, ddof=1):.{digits}f}" if len(values) > 1 else ""
    return f"{np.mean(values):.{digits}f}{deviation}"


def interval(differences: list[float]) -> tuple[float, float, float]:
    """Mean and 95 % interval of paired differences (Student's t)."""
    mean = float(np.mean(differences))
    if len(differences) < 2:
        return mean, float("nan"), float("nan")
    half = stats.sem(differences) * stats.t.ppf(0.975, len(differences) - 1)
    return mean, mean - half, mean + half


def difference(differences: list[float]) -> str:
    """A cell of a mean difference, its interval and how many pairs there are."""
    if not differences:
        return ""
    mean, low, high = interval(differences)
    if len(differences) < 2:
        return f"{mean:+.2f} (1)"
    return f"{mean:+.2f} [{low:+.2f}, {high:+.2f}] ({len(differences)})"


def saved(figure: Figure, name: str, title: str) -> str:
    """Write a picture; the Markdown that shows it."""
    (DOCS / "images").mkdir(parents=True, exist_ok=True)
    figure.savefig(DOCS / "images" / name, dpi=110)
    plt.close(figure)
    return f"![{title}](images/{name})"


def by_seed(rows: Iterable[Mapping[str, str]], column: str) -> dict[str, float]:
    """A column of rows that differ by their seed."""
    return {row["seed"]: float(row[column]) for row in rows}
