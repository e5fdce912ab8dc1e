"""Charts of a report, drawn on axes of matplotlib in the colours of the window.

Texts are drawn as they are: in names of classes, "$" begins no formula.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import MaxNLocator
from msgspec import Struct

from hsi_viewer.core.assessment.accuracy import AccuracyReport
from hsi_viewer.core.assessment.areas import UNITS, suited_unit
from hsi_viewer.core.assessment.reliability import Reliability
from hsi_viewer.core.paths import resource_path
from hsi_viewer.core.text import short_name
from hsi_viewer.jobs.report.facts import ClassFacts, Facts
from hsi_viewer.jobs.report.letters import drawable, use_fonts

use_fonts()
rcParams["svg.hashsalt"] = "hsi-viewer"  # the same chart is the same text

LONGEST = 22  # characters of a name in a chart; tables have all of it
MOST_NUMBERS = 16  # classes whose matrix has room for numbers
MOST_CLASSES = 40  # of a chart; tables have all of them
FEW_BANDS = 3  # of which a line would not be seen
BRIGHTNESS = (0.299, 0.587, 0.114)  # of red, green and blue
EXITS = ("-", "--", "-.", ":")


class Theme(Struct, frozen=True):
    """Colours of a chart: those of the window's theme."""

    text: str
    muted: str
    grid: str
    panel: str
    accent: str
    red: str


@cache
def colours(name: str) -> dict[str, str]:
    """All colours of the window's theme "light" or "dark" by their names."""
    text = resource_path("themes", f"{name}.json").read_text(encoding="utf-8")
    found: dict[str, str] = json.loads(text)
    return found


def theme(name: str) -> Theme:
    """Those that charts use."""
    known = colours(name)
    return Theme(**{key: known[key] for key in Theme.__struct_fields__})


class Chart(Struct, frozen=True):
    """A chart.

    Attributes
    ----------
    name, title, about : stable key, and texts for people.
    size : width and height in inches.
    draw : draws it on axes in the colours of a theme.
    """

    name: str
    title: str
    about: str
    size: tuple[float, float]
    draw: Callable[[Axes, Theme], None]


def charts_of(facts: Facts) -> list[Chart]:
    """The charts that the facts allow."""
    found = []
    report = facts.shown
    if report is not None and len(report.class_ids) <= MOST_CLASSES:
        side = min(7.0, 2.4 + 0.33 * len(report.class_ids))
        about = "Rows are the truth, columns the map; colours are percent of the true class."
        found.append(
            Chart(
                "matrix",
                "Confusion matrix",
                about,
                (side + 0.6, side),
                lambda axes, style: draw_matrix(axes, style, report, facts),
            )
        )
    sure = facts.assessment.reliability
    if sure is not None:
        found.append(
            Chart(
                "reliability",
                "Reliability of the confidence",
                "Share of right answers against their confidence; on the diagonal, the confidence "
                "means what it says. The expected calibration error is "
                f"{100 * sure.error:.1f} points.",
                (4.0, 3.6),
                lambda axes, style: draw_reliability(axes, style, sure),
            )
        )
    found.append(
        Chart(
            "areas",
            "Areas",
            _of_the_largest("As counted on the map, with its errors.", facts),
            (6.4, 1.0 + 0.24 * min(len(facts.classes), MOST_CLASSES)),
            lambda axes, style: draw_areas(axes, style, facts),
        )
    )
    if facts.epochs:
        found.append(
            Chart(
                "training",
                "Training",
                "Loss, and accuracy of each exit of the network on its training batches."
                + ("" if _hears_network(facts) else " The network has no weight in this map."),
                (6.4, 2.8),
                lambda axes, style: draw_training(axes, style, facts),
            )
        )
    if not facts.spectra.classes:
        return found
    found.append(
        Chart(
            "spectra",
            "Spectra of the classes",
            _of_the_largest(
                "Mean of the training pixels, and the range of 10 to 90 % of them.", facts
            ),
            (6.4, 3.8),
            lambda axes, style: draw_spectra(axes, style, facts),
        )
    )
    return found


def _hears_network(facts: Facts) -> bool:
    """Whether the network has weight in the map; true where no voices are weighed."""
    weights = [v.weight for v in facts.evidence.voices if v.name == "network"]
    return not weights or round(weights[0], 2) > 0


def _of_the_largest(about: str, facts: Facts) -> str:
    """What a chart shows, and of which classes if there are too many."""
    count = len(facts.classes)
    return about if count <= MOST_CLASSES else f"{about} The {MOST_CLASSES} largest of {count}."


def largest(facts: Facts) -> tuple[ClassFacts, ...]:
    """The classes with the most pixels of the map, in the order of the list."""
    order = sorted(facts.classes, key=lambda c: -c.pixels)[:MOST_CLASSES]
    kept = {c.id for c in order}
    return tuple(c for c in facts.classes if c.id in kept)


def draw_matrix(axes: Axes, style: Theme, report: AccuracyReport, facts: Facts) -> None:
    """Counts over colours of the row percent."""
    whole = report.truth_counts[:, None]
    share = np.divide(report.matrix, whole, out=np.zeros(report.matrix.shape), where=whole > 0)
    table = LinearSegmentedColormap.from_list("rows", [style.panel, style.accent])
    axes.imshow(share, cmap=table, vmin=0, vmax=1, aspect="equal")
    names = [short(facts.name_of(i)) for i in report.class_ids]
    at = range(len(names))
    axes.set_xticks(at, names, rotation=90, parse_math=False)
    axes.set_yticks(at, names, parse_math=False)
    axes.set_xlabel("Class map")
    axes.set_ylabel("Truth")
    styled(axes, style)
    axes.tick_params(length=0)
    if len(names) > MOST_NUMBERS:
        return
    for row, column in zip(*np.nonzero(report.matrix), strict=True):
        bright = np.dot(table(share[row, column])[:3], BRIGHTNESS) > 0.5
        axes.text(
            column,
            row,
            str(report.matrix[row, column]),
            ha="center",
            va="center",
            fontsize=7,
            color="#10151c" if bright else "#ffffff",
        )


def draw_reliability(axes: Axes, style: Theme, found: Reliability) -> None:
    """Accuracy in bins of confidence."""
    used = found.counts > 0
    width = np.diff(found.edges)
    axes.bar(
        found.edges[:-1][used],
        found.accuracy[used],
        width[used],
        align="edge",
        color=style.accent,
        edgecolor=style.panel,
        linewidth=0.6,
        alpha=0.55,
    )
    axes.plot([0, 1], [0, 1], color=style.muted, linewidth=1, linestyle="--")
    axes.plot(found.confidence[used], found.accuracy[used], "o", color=style.accent, markersize=4)
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="Confidence", ylabel="Share of right answers")
    styled(axes, style)


def draw_areas(axes: Axes, style: Theme, facts: Facts) -> None:
    """A bar for each class in its colour."""
    classes = largest(facts)
    metres = [c.square_metres for c in classes]
    values = [float(c.pixels) for c in classes]
    unit = "pixels"
    if all(m is not None for m in metres):
        unit = suited_unit(max((m or 0.0 for m in metres), default=0.0))
        values = [(m or 0.0) / UNITS[unit] for m in metres]
    at = np.arange(len(values))
    axes.barh(at, values, color=[colour(c.colour) for c in classes], height=0.75)
    axes.set_yticks(at, [short(c.name) for c in classes], parse_math=False)
    axes.invert_yaxis()
    axes.set_xlabel(f"Area ({unit})")
    for i, c in enumerate(classes):
        axes.text(
            values[i], i, f" {100 * c.share:.1f} %", va="center", fontsize=7, color=style.muted
        )
    axes.margins(x=0.12)
    styled(axes, style)


def draw_training(axes: Axes, style: Theme, facts: Facts) -> None:
    """Loss on the left axis, accuracy of the exits on the right one."""
    at = np.arange(1, len(facts.epochs) + 1)
    axes.plot(at, [e.loss for e in facts.epochs], color=style.red, label="Loss")
    in_order = all(e.epoch == n for n, e in zip(at, facts.epochs, strict=True))
    axes.set(xlabel="Epoch" if in_order else "Epochs of all rounds", ylabel="Loss")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    styled(axes, style)
    handles, labels = axes.get_legend_handles_labels()
    if all(e.exit_accuracy for e in facts.epochs):
        right = axes.twinx()
        for i in range(len(facts.epochs[0].exit_accuracy)):
            right.plot(
                at,
                [100 * e.exit_accuracy[i] for e in facts.epochs],
                color=style.accent,
                linestyle=EXITS[i % len(EXITS)],
                label=f"Exit {i + 1}",
            )
        right.set(ylabel="Accuracy (%)", ylim=(0, 102))
        styled(right, style)
        more = right.get_legend_handles_labels()
        handles, labels = handles + more[0], labels + more[1]
    legend(axes, style, handles, labels)


def draw_spectra(axes: Axes, style: Theme, facts: Facts) -> None:
    """Mean of each class over its range."""
    spectra = facts.spectra
    at = np.array(spectra.positions)
    order = np.argsort(at, kind="stable")
    known = {c.id: colour(c.colour) for c in largest(facts)}
    marker = "o" if len(at) < FEW_BANDS else ""
    for s in spectra.classes:
        if s.class_id not in known:
            continue
        own = known[s.class_id]
        axes.fill_between(at[order], s.low[order], s.high[order], color=own, alpha=0.18, lw=0)
        name = short(facts.name_of(s.class_id))
        axes.plot(at[order], s.mean[order], color=own, marker=marker, label=name)
    axes.set(xlabel="Wavelength (nm)" if spectra.unit == "nm" else "Band", ylabel="Value")
    axes.margins(x=0)
    styled(axes, style)
    legend(axes, style, *axes.get_legend_handles_labels())


def legend(axes: Axes, style: Theme, handles: list[Any], labels: list[str]) -> None:
    """A legend beside the axes."""
    made = axes.legend(
        handles,
        labels,
        loc="upper left",
        bbox_to_anchor=(1.12 if len(axes.figure.axes) > 1 else 1.01, 1.0),
        fontsize=7,
        frameon=False,
        labelcolor=style.text,
        ncols=1 + len(labels) // 21,
    )
    for text in made.get_texts():
        text.set_parse_math(False)


def styled(axes: Axes, style: Theme) -> None:
    """Give axes the colours of a theme."""
    axes.set_facecolor(style.panel)
    axes.tick_params(colors=style.muted, labelcolor=style.text, labelsize=8)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set_color(style.text)
        label.set_fontsize(9)
    axes.title.set_color(style.text)
    for name, spine in axes.spines.items():
        spine.set_color(style.grid)
        spine.set_visible(name in ("left", "bottom"))


def short(name: str) -> str:
    """A name that has room in a chart."""
    return drawable(short_name(name, LONGEST))


def colour(rgb: tuple[int, int, int]) -> tuple[float, float, float]:
    """A colour of 0..255 as matplotlib has it."""
    return rgb[0] / 255, rgb[1] / 255, rgb[2] / 255
