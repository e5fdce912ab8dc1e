"""A report as A4 pages, to be printed or mailed."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from hsi_viewer.core.assessment.confusion_table import confusion_table
from hsi_viewer.core.assessment.sample_assessment import NO_SAMPLE, areas_table
from hsi_viewer.jobs.report.charts import Chart, charts_of, colour, short, theme
from hsi_viewer.jobs.report.facts import Facts
from hsi_viewer.jobs.report.gather import Report
from hsi_viewer.jobs.report.letters import drawable
from hsi_viewer.jobs.report.methods import figures, sampled
from hsi_viewer.jobs.report.pictures import Picture
from hsi_viewer.jobs.report.tables import PlainSection, class_accuracy

WIDTH, HEIGHT = 8.27, 11.69  # inches
MARGIN = 0.75
LINE = 1.35  # height of a line, of its letters
PICTURE = 3.1  # largest height of a picture, inches
BETWEEN = 0.3  # two pictures
POINT = 1 / 72
CHARACTER = 0.48  # width of a mean letter of a table, of its size
PLAIN, BOLD = 0.55, 0.66  # the same of a sentence
GAP = 0.1  # between two columns of a table
LEAST = 6  # size of letters that are read without effort; a wider table comes in parts


class Column:
    """A column of a table.

    Parameters
    ----------
    head : its lines.
    cells : its texts, from top to bottom.
    """

    def __init__(self, head: str, *cells: str) -> None:
        self.head, self.cells = head, cells

    @property
    def width(self) -> int:
        """Letters of the longest line."""
        return max(map(len, (*self.head.split("\n"), *self.cells)))

    def wrapped(self) -> Column:
        """The same with a head no wider than its cells and its words."""
        width = max(map(len, (*self.head.split(), *self.cells)), default=1)
        return Column(textwrap.fill(self.head, max(width, 1)), *self.cells)


class Pages:
    """Pages that are filled from top to bottom.

    Parameters
    ----------
    pdf : takes each page once it is full.
    title : at the foot of each page.
    """

    def __init__(self, pdf: PdfPages, title: str) -> None:
        self._pdf, self._title = pdf, title
        self._style = theme("light")
        self._number = 0
        self._begin()

    def _begin(self) -> None:
        self._figure = Figure((WIDTH, HEIGHT))
        self._top = HEIGHT - MARGIN
        self._number += 1
        foot = f"{short(self._title)}    {self._number}"
        self._text(foot, WIDTH - MARGIN, MARGIN / 2, 7, self._style.muted, ha="right")

    def end(self) -> None:
        """Write the page as it is."""
        self._pdf.savefig(self._figure)  # type: ignore[no-untyped-call]

    def room(self, height: float) -> None:
        """Begin another page if so many inches are not left."""
        if self._top - height < MARGIN:
            self.end()
            self._begin()

    def heading(self, text: str, size: float = 13, *, keep: float = 1.2) -> None:
        """A heading, with room for some inches below it on the same page."""
        self.room(size * POINT * LINE + keep)
        self._top -= 0.12
        for line in textwrap.wrap(text, _columns(size, BOLD)):
            self._line(line, size, self._style.text, weight="bold")
        self._top -= 0.06

    def paragraph(self, text: str, size: float = 9, bullet: str = "") -> None:
        """A text, broken into lines."""
        room = _columns(size, PLAIN)
        lines = textwrap.wrap(
            text, room, initial_indent=bullet, subsequent_indent=" " * 2 * len(bullet)
        )
        for line in lines:
            self._line(line, size, self._style.text)
        self._top -= 0.07

    def _line(self, text: str, size: float, ink: str, **options: Any) -> None:
        height = size * POINT * LINE
        self.room(height)
        self._text(text, MARGIN, self._top - height, size, ink, **options)
        self._top -= height

    def table(self, head: Sequence[str], rows: Iterable[Sequence[str]], size: float = 7) -> None:
        """A table; its head comes again on each page, its first column in each part."""
        cells = [[str(cell) for cell in row] for row in rows]
        columns = [Column(*column) for column in zip(head, *cells, strict=True)]
        if _fitting(columns, size) < size:
            columns = [column.wrapped() for column in columns]
        size = max(LEAST, _fitting(columns, size))
        for part in _parts(columns, size):
            self._part(part, _fitting(part, size))

    def _part(self, columns: Sequence[Column], size: float) -> None:
        ends = np.cumsum([_inches(column.width, size) + GAP for column in columns])
        step = size * POINT * 1.6
        lines = list(zip_longest(*(c.head.split("\n") for c in columns), fillvalue=""))
        rows = list(zip(*(column.cells for column in columns), strict=True))
        self.room(kept_together(len(rows), size) + (len(lines) - 1) * step)

        def put_head() -> None:
            for line in lines:
                self._row(line, ends, size, self._style.muted)

        put_head()
        for row in rows:
            if self._top - step < MARGIN:
                self.room(HEIGHT)
                put_head()
            self._row(row, ends, size, self._style.text)
        self._top -= 0.12

    def _row(self, cells: Sequence[str], ends: np.ndarray, size: float, ink: str) -> None:
        step = size * POINT * 1.6
        at = self._top - step
        self._text(cells[0], MARGIN, at, size, ink)
        for cell, end in zip(cells[1:], ends[1:], strict=True):
            self._text(cell, MARGIN + end - GAP / 2, at, size, ink, ha="right")
        self._top -= step

    def axes(self, left: float, width: float, height: float) -> Axes:
        """Axes at the top of what is left, at so many inches from the left edge."""
        box = (left / WIDTH, (self._top - height) / HEIGHT, width / WIDTH, height / HEIGHT)
        return self._figure.add_axes(box)

    def down(self, height: float) -> None:
        """Leave some inches."""
        self._top -= height

    def chart(self, chart: Chart) -> None:
        """A chart with its title; there is room left of it for names, and right for a legend."""
        width, height = min(chart.size[0], WIDTH - 2 * MARGIN - 2.6), min(chart.size[1], 5.2)
        self.room(height + 1.5)
        self.heading(chart.title, 10, keep=height + 1.2)
        self.paragraph(chart.about, 8)
        chart.draw(self.axes(MARGIN + 1.3, width, height), self._style)
        self.down(height + (1.6 if chart.name == "matrix" else 0.65))

    def picture(self, picture: Picture, left: float, width: float, height: float) -> None:
        """A picture of the scene with its name, and its colours below it; the place stays."""
        axes = self.axes(left, width, height)
        axes.imshow(picture.rgba, aspect="equal", interpolation="nearest")
        axes.set_axis_off()
        axes.set_title(picture.name, fontsize=9, loc="left", color=self._style.text)
        if picture.bar is None:
            return
        low, high = picture.bar.low, picture.bar.high
        table = picture.bar.colours if low < high else picture.bar.colours[::-1]
        low, high = min(low, high), max(low, high)
        box = (left / WIDTH, (self._top - height - 0.18) / HEIGHT, width / WIDTH, 0.1 / HEIGHT)
        bar = self._figure.add_axes(box)
        bar.imshow(table[None], aspect="auto", extent=(low, high, 0, 1))
        bar.set_yticks([])
        bar.tick_params(labelsize=7, length=2)

    def swatches(self, entries: Sequence[tuple[str, tuple[int, int, int]]], columns: int) -> None:
        """Names with their colours, in columns."""
        step = 0.17
        width = (WIDTH - 2 * MARGIN) / columns
        for start in range(0, len(entries), columns):
            self.room(step)
            for i, (name, rgb) in enumerate(entries[start : start + columns]):
                left = MARGIN + i * width
                box = Rectangle(
                    (left / WIDTH, (self._top - 0.14) / HEIGHT),
                    0.13 / WIDTH,
                    0.11 / HEIGHT,
                    facecolor=colour(rgb),
                    transform=self._figure.transFigure,
                )
                self._figure.add_artist(box)
                self._text(name, left + 0.2, self._top - 0.13, 8, self._style.text)
            self._top -= step
        self._top -= 0.1

    def _text(self, text: str, x: float, y: float, size: float, ink: str, **options: Any) -> None:
        at = (x / WIDTH, y / HEIGHT)
        shown = drawable(text)
        self._figure.text(*at, shown, fontsize=size, color=ink, parse_math=False, **options)


def write_pdf(report: Report, path: Path) -> None:
    """Write the pages to a file."""
    facts = report.facts
    charts = {chart.name: chart for chart in charts_of(facts)}
    with PdfPages(path, metadata={"Title": facts.title, "CreationDate": None}) as pdf:
        pages = Pages(pdf, facts.title)
        pages.heading(facts.title, 17)
        pages.paragraph(facts.quote, 11)
        _show_pictures(pages, report.pictures[:2])
        pages.swatches([(short(c.name), c.colour) for c in facts.classes], 3)
        _show_accuracy(pages, facts, charts)
        pages.chart(charts["areas"])
        _show_estimates(pages, facts)
        if "spectra" in charts:
            pages.chart(charts["spectra"])
        for start in range(2, len(report.pictures), 2):
            heading = "Uncertainty" if start == 2 else ""
            _show_pictures(pages, report.pictures[start : start + 2], heading)
        for text in facts.uncertainty.missing:
            pages.paragraph(text, 8)
        for name in ("reliability", "training"):
            if name in charts:
                pages.chart(charts[name])
        _show_texts(pages, facts)
        pages.end()


def write_plain_pdf(title: str, lead: str, sections: Sequence[PlainSection], path: Path) -> None:
    """Write pages of texts and tables to a file."""
    with PdfPages(path, metadata={"Title": title, "CreationDate": None}) as pdf:
        pages = Pages(pdf, title)
        pages.heading(title, 17)
        pages.paragraph(lead, 11)
        for heading, parts in sections:
            rows = max((len(part.rows) for part in parts if not isinstance(part, str)), default=0)
            pages.heading(heading, keep=max(1.2, kept_together(rows) + 0.4))
            for part in parts:
                pages.paragraph(part if isinstance(part, str) else part.title, 9)
                if not isinstance(part, str):
                    pages.table(part.head, part.rows)
        pages.end()


def _show_pictures(pages: Pages, pictures: Sequence[Picture], heading: str = "") -> None:
    width = (WIDTH - 2 * MARGIN - BETWEEN) / 2
    height = min(PICTURE, max(p.rgba.shape[0] / p.rgba.shape[1] for p in pictures) * width)
    if heading:
        pages.heading(heading, keep=height + 1.6)
    pages.room(height + 1.4)
    pages.down(0.3)
    for i, picture in enumerate(pictures):
        pages.picture(picture, MARGIN + i * (width + BETWEEN), width, height)
    pages.down(height + (0.5 if any(p.bar for p in pictures) else 0.15))
    for picture in pictures:
        pages.paragraph(f"{picture.name}: {picture.about}", 7.5)


def _show_accuracy(pages: Pages, facts: Facts, charts: dict[str, Chart]) -> None:
    pages.heading("Accuracy")
    found, shown = facts.assessment, facts.shown
    texts = [str(t) for t in (found.sentence, found.separation) if t is not None]
    for text in dict.fromkeys((*texts, *found.warnings)):
        pages.paragraph(text)
    if facts.sample is not None:
        pages.heading("Reference points drawn at random", 10)
        pages.paragraph(f"They give an overall accuracy of {sampled(facts.sample)}.", 8)
    if shown is None:
        return
    for title, report in (
        ("Separate places", found.separated),
        (found.second_title + (" (optimistic)" if found.optimistic else ""), found.random),
    ):
        if report is not None:
            pages.heading(title, 10)
            pages.paragraph(f"The map reached {figures(report)}.", 8)
    by_class = class_accuracy(shown, lambda i: short(facts.name_of(i)))
    place = "separate places" if shown is found.separated else "beside training pixels"
    pages.heading(f"By class, {place}", 10, keep=1.0)
    pages.paragraph(by_class.title, 8)
    pages.table(by_class.head, by_class.rows)
    if "matrix" not in charts:
        pages.paragraph("The confusion matrix of so many classes is in the CSV file.", 8)
        return
    pages.chart(charts["matrix"])
    matrix = confusion_table(shown, str)
    rows = [(_row_name(facts, row[0]), *row[1:]) for row in matrix.rows]
    pages.paragraph(f"{matrix.title} Classes by their ids.", 8)
    pages.table(matrix.head, rows)


def _show_estimates(pages: Pages, facts: Facts) -> None:
    """Areas adjusted for the errors of the map, or why there are none."""
    if facts.sample is None:
        pages.paragraph(NO_SAMPLE, 8)
        return
    shown = areas_table(facts.sample, lambda i: short(facts.name_of(i)))
    pages.heading("Areas and accuracy estimated from reference points", 10, keep=2.0)
    pages.paragraph(shown.title, 8)
    pages.table(shown.head, shown.rows)
    for text in (facts.sample.method, *facts.sample.notes):
        pages.paragraph(text, 8)


def _row_name(facts: Facts, head: str) -> str:
    return f"{head} {short(facts.name_of(int(head)))}" if head.isdigit() else head


def _show_texts(pages: Pages, facts: Facts) -> None:
    pages.heading("Methods")
    pages.paragraph(facts.methods)
    for text in facts.references:
        pages.paragraph(text, 8, "- ")
    pages.heading("Data and settings")
    for name, value in _settings(facts):
        pages.paragraph(f"{name}: {value}", 8)
    pages.heading("Warnings")
    for text in facts.warnings or ("None.",):
        pages.paragraph(text, 8, "- " if facts.warnings else "")


def _settings(facts: Facts) -> list[tuple[str, str]]:
    data = facts.data
    return [
        ("Scene", f"{data.source}, {data.rows} x {data.columns} pixels, {data.bands} bands"),
        *([("Region of interest", data.region)] if data.region else []),
        ("SHA-256 of the values", data.values_sha256),
        *((f"SHA-256 of {f.name}", f"{f.sha256} ({f.size:,} bytes)") for f in data.files),
        ("Training labels", facts.labels),
        ("Test pixels", facts.test or "none"),
        ("Map", facts.map_source),
        ("Settings", ", ".join(f"{k} {v}" for k, v in facts.settings.items())),
        ("Voices", facts.evidence.sentence if facts.evidence.voices else "none to weigh"),
        ("Versions", ", ".join(f"{k} {v}" for k, v in facts.versions.items())),
    ]


def kept_together(rows: int, size: float = 7) -> float:
    """Inches of a table that stay on one page: all of a short one, else its first rows."""
    step = size * POINT * 1.6
    whole = (1 + rows) * step
    return whole if whole < HEIGHT / 2 else 3 * step


def _columns(size: float, letter: float) -> int:
    """Letters of a mean width that have room in a line."""
    return int((WIDTH - 2 * MARGIN) / (letter * size * POINT))


def _fitting(columns: Sequence[Column], size: float) -> float:
    """The size of letters, `size` at most, at which all columns have room."""
    room = WIDTH - 2 * MARGIN - GAP * len(columns)
    return min(size, size * room / _inches(sum(column.width for column in columns), size))


def _parts(columns: Sequence[Column], size: float) -> list[list[Column]]:
    """Columns that have room next to the first one, in order."""
    parts = [[columns[0]]]
    for column in columns[1:]:
        if len(parts[-1]) > 1 and _fitting([*parts[-1], column], size) < size:
            parts.append([columns[0]])
        parts[-1].append(column)
    return parts


def _inches(letters: int, size: float) -> float:
    return letters * CHARACTER * size * POINT * 1.08
