"""The files of a report: HTML that needs nothing else, PDF, JSON by its schema, CSV."""

from __future__ import annotations

import base64
import csv
import dataclasses
import errno
import io
import re
import zlib
from collections import Counter
from contextlib import suppress
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.transforms import Bbox
from msgspec.structs import replace
from PIL import Image

from hsi_viewer.core.assessment.accuracy import AccuracyReport
from hsi_viewer.core.assessment.confusion_table import confusion_table
from hsi_viewer.core.errors import ExportError
from hsi_viewer.core.evidence import VoiceShare
from hsi_viewer.core.progress import CancelToken, TaskCancelledError
from hsi_viewer.jobs.report.charts import MOST_CLASSES, charts_of, largest
from hsi_viewer.jobs.report.gather import gather
from hsi_viewer.jobs.report.html import drawn, html_page
from hsi_viewer.jobs.report.letters import drawable
from hsi_viewer.jobs.report.methods import described
from hsi_viewer.jobs.report.names import CSV, HTML, JSON, PDF
from hsi_viewer.jobs.report.pdf import Pages
from hsi_viewer.jobs.report.write import write_report
from tests.unit.cli.schemas import fitting
from tests.unit.jobs.report.made import HOSTILE, NAMES, leave_charts_undrawn, made_run

VOID = {"meta", "img", "br", "source"}


class Page(HTMLParser):
    """Elements, their attributes and all text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text, self.open = "", []
        self.feed(text)

    def handle_starttag(self, tag, attributes) -> None:
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data) -> None:
        self.text += data


@pytest.fixture(scope="module")
def report():
    return gather(made_run())


@pytest.fixture(scope="module")
def written(report, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report") / "new"
    return folder, write_report(report, folder)


def test_all_files_are_named(written):
    folder, files = written
    assert sorted(files) == sorted(folder.iterdir())
    assert {p.name for p in files} == {HTML, PDF, JSON, *CSV} - {"areas.csv"}
    assert files[0].name == HTML


def test_the_page_needs_nothing_else_and_runs_nothing(written, report):
    page = Page((written[0] / HTML).read_text("utf-8"))
    assert page.open == []
    sources = [
        value
        for _, attributes in page.tags
        for name, value in attributes.items()
        if name in ("src", "srcset", "href", "action", "data")
    ]
    assert len(sources) == len(report.pictures) + 2 * 5
    assert all(re.match(r"data:image/(png|svg\+xml);base64,", source) for source in sources)
    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "link", "iframe", "object"})
    policy = next(a["content"] for t, a in page.tags if t == "meta" and "http-equiv" in a)
    assert policy.startswith("default-src 'none'")
    assert HOSTILE in page.text
    assert not any(
        "url(" in style or "@import" in style
        for style in re.findall(r"<style>.*?</style>", page.text)
    )


def test_the_page_shows_the_facts(written, report):
    text = Page((written[0] / HTML).read_text("utf-8")).text
    facts = report.facts
    for part in (
        facts.quote,
        facts.methods,
        *facts.references,
        *facts.warnings,
        *NAMES.values(),
        facts.data.values_sha256,
        facts.assessment.sentence,
        f"{100 * facts.assessment.random.overall.value:.1f} %",
    ):
        assert part in text


def test_the_pictures_are_those_of_the_run(written, report):
    page = Page((written[0] / HTML).read_text("utf-8"))
    images = [
        a["src"] for t, a in page.tags if t == "img" and a["src"].startswith("data:image/png")
    ]
    for source, picture in zip(images, report.pictures, strict=True):
        image = Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2])))
        np.testing.assert_array_equal(np.asarray(image), picture.rgba)


def test_charts_have_the_colours_of_both_themes(written):
    page = Page((written[0] / HTML).read_text("utf-8"))
    charts = [a for t, a in page.tags if t == "img" and "svg" in a["src"]]
    dark = [a for t, a in page.tags if t == "source"]
    assert len(charts) == len(dark) == 5
    for light, other in zip(charts, dark, strict=True):
        assert other["media"] == "screen and (prefers-color-scheme: dark)"
        drawn = [
            base64.b64decode(s.partition(",")[2]).decode() for s in (light["src"], other["srcset"])
        ]
        assert "#1c2430" in drawn[0]
        assert "#e6e9ee" in drawn[1]


def test_the_object_fits_its_schema(written, report):
    record = fitting((written[0] / JSON).read_text("utf-8"), "facts")
    found = report.facts.assessment.separated
    assert record["accuracy"]["separated"]["overall"] == pytest.approx(
        found.overall.value, abs=1e-6
    )
    assert record["accuracy"]["separated"]["matrix"]["counts"] == found.matrix.tolist()
    assert np.array(record["accuracy"]["reliability"]["counts"]).sum() == found.total
    assert record["classes"][0]["name"] == HOSTILE
    assert len(record["spectra"]["classes"][0]["p90"]) == 20


def test_the_tables_hold_the_figures(written, report):
    folder, found = written[0], report.facts.assessment.separated

    def rows(name: str) -> list[list[str]]:
        return list(csv.reader(io.StringIO((folder / name).read_text("utf-8"))))

    matrix = rows("confusion_separated.csv")
    assert matrix[1][1:5] == [NAMES[i] for i in found.class_ids]
    cells = np.array([line[1:5] for line in matrix[2:6]], int)
    np.testing.assert_array_equal(cells, found.matrix)
    assert rows("accuracy_separated.csv")[2][3] == f"{100 * found.overall.value:.2f}"
    assert [line[1] for line in rows("classes.csv")[1:]] == list(NAMES.values())
    assert len(rows("class_spectra.csv")) == 21
    assert rows("training.csv")[1:] == [
        ["1", "1", "3", "1", "0.4", "0.3"],
        ["2", "2", "3", "0.5", "0.4", "0.6"],
        ["3", "3", "3", "0.3333333", "0.4", "0.9"],
    ]


def test_the_pages_are_pages(written):
    data = (written[0] / PDF).read_bytes()
    assert data.startswith(b"%PDF")
    assert data.rstrip().endswith(b"%%EOF")
    assert 3 <= len(re.findall(rb"/Type /Page\b", data)) <= 9


STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
WRITTEN, PIECE = re.compile(rb"BT\n(.*?)\nET", re.DOTALL), re.compile(rb"\(((?:\\.|[^\\()])*)\)")


def texts_of(data: bytes) -> list[list[str]]:
    """The texts of each page of a PDF of matplotlib; some letters, such as fi, are one sign."""
    pages = []
    for packed in STREAM.findall(data):
        with suppress(zlib.error):  # a font that isn't packed
            contents = zlib.decompress(packed)
            texts = [b"".join(PIECE.findall(part)) for part in WRITTEN.findall(contents)]
            if texts:
                pages.append([re.sub(rb"\\(.)", rb"\1", t).decode("latin-1") for t in texts])
    return pages


def test_the_pages_contain_the_figures_the_tables_and_the_words(written, report):
    data, facts = (written[0] / PDF).read_bytes(), report.facts
    pages = texts_of(data)
    assert len(pages) == len(re.findall(rb"/Type /Page\b", data))
    for number, page in enumerate(pages, 1):
        assert f"{facts.title}    {number}" in page  # at its foot
    every = [text for page in pages for text in page]
    for heading in ("Accuracy", "Confusion matrix", "Areas", "Uncertainty", "Methods", "Warnings"):
        assert heading in every
    flat = " ".join(every)
    overall = facts.assessment.separated.overall
    value, low, high = (f"{100 * v:.1f} %" for v in (overall.value, overall.low, overall.high))
    assert f"overall accuracy of {value} (95 % interval {low} to {high})" in flat
    matrix = pages[1][pages[1].index("Confusion matrix") :]
    table = confusion_table(facts.assessment.separated, lambda class_id: f"class {class_id}")
    for row, class_id in zip(table.rows, NAMES, strict=False):
        start = next(n for n, text in enumerate(matrix) if text.startswith(f"{class_id} "))
        assert matrix[start + 1 : start + len(row)] == list(row[1:])
    areas = [f" {100 * c.share:.1f} %" for c in facts.classes]
    assert [text for text in every if text in areas] == areas
    assert "Scene: made.npy, 24 x 24 pixels, 20 bands" in every
    assert "- Something is odd." in every
    assert "Corn" in every


def test_charts_have_room_for_many_classes(report):
    facts, one = report.facts, report.facts.classes[0]
    many = tuple(dataclasses.replace(one, id=i, pixels=i) for i in range(1, 3001))
    known = replace(facts, classes=many)
    assert [c.id for c in largest(known)] == list(range(3001 - MOST_CLASSES, 3001))
    areas = next(c for c in charts_of(known) if c.name == "areas")
    assert areas.size[1] < 11
    assert areas.about.endswith(f"The {MOST_CLASSES} largest of 3000.")
    ids = tuple(range(1, MOST_CLASSES + 2))
    size = len(ids)
    wide = AccuracyReport(ids, np.eye(size, dtype=np.int64), np.zeros(size, np.int64))
    found = replace(facts.assessment, separated=wide)
    assert "matrix" not in {c.name for c in charts_of(replace(facts, assessment=found))}


def test_many_classes_and_few_figures_have_room(report, tmp_path):
    facts = report.facts
    bare = replace(facts.assessment, separated=None, random=None, reliability=None)
    one = facts.classes[0]
    many = tuple(dataclasses.replace(one, id=i, name=f"{one.name} {i}") for i in range(1, 60))
    other = replace(facts, assessment=bare, classes=many, epochs=())
    files = write_report(replace(report, facts=other), tmp_path)
    assert {p.name for p in files} == {HTML, PDF, JSON, "classes.csv", "class_spectra.csv"}
    fitting((tmp_path / JSON).read_text("utf-8"), "facts")


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ({}, False),
        ({"network": 0.3, "bands": 0.7}, False),
        ({"network": 0.004, "bands": 1.0}, True),
    ],
)
def test_curves_of_a_network_that_isnt_heard_say_so(report, weights, said):
    voices = tuple(VoiceShare(name, name, weight, 0.5) for name, weight in weights.items())
    facts = report.facts
    facts = replace(facts, evidence=replace(facts.evidence, voices=voices))
    about = next(c.about for c in charts_of(facts) if c.name == "training")
    assert about.endswith("The network has no weight in this map.") is said


def test_letters_that_no_font_has_are_squares():
    assert drawable("Wald é 森 \U00010fff") in {"Wald é 森 \N{WHITE SQUARE}", "Wald é □ □"}


def test_the_same_chart_is_the_same_text(report):
    chart = next(c for c in charts_of(report.facts) if c.name == "reliability")
    assert drawn(chart, "light").getvalue() == drawn(chart, "light").getvalue()


def test_a_folder_that_is_a_file_is_refused(report, tmp_path):
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(ExportError, match="taken"):
        write_report(report, tmp_path / "taken")
    assert (tmp_path / "taken").read_text() == "mine"


def test_no_empty_folder_stays_on_a_full_disk(report, tmp_path, monkeypatch):
    monkeypatch.setattr("hsi_viewer.atomic.os.fsync", full_disk)
    with pytest.raises(ExportError, match=r"report\.html could not be written"):
        write_report(report, tmp_path / "maps" / "report")
    assert not (tmp_path / "maps").exists()


def full_disk(handle):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_nothing_is_written_once_cancelled(report, tmp_path):
    token = CancelToken()
    token.cancel()
    with pytest.raises(TaskCancelledError):
        write_report(report, tmp_path / "out", token)
    assert not (tmp_path / "out").exists()


class Printed:
    """Takes the pages of a PDF, and where each text stands on them."""

    def __init__(self) -> None:
        self.texts: list[tuple[int, float, str, float, Bbox]] = []
        self.pages = 0

    def savefig(self, figure) -> None:
        renderer = FigureCanvasAgg(figure).get_renderer()
        for text in (t for t in figure.texts if t.get_text()):
            box = text.get_window_extent(renderer)
            place = self.pages, text.get_position()[1]
            self.texts.append((*place, text.get_text(), text.get_fontsize(), box))
        self.pages += 1


@pytest.mark.parametrize("count", [3, 16, 40])
def test_the_matrix_of_many_classes_is_read_without_effort(count):
    counts = np.random.default_rng(0).integers(0, 9000, (count, count))
    report = AccuracyReport(tuple(range(1, count + 1)), counts, np.zeros(count, np.int64))
    table = confusion_table(report, str)
    printed = Printed()
    pages = Pages(printed, "A map")
    pages.table(table.head, [(f"{row[0]} Soybean-mintill", *row[1:]) for row in table.rows])
    pages.end()
    lines = {}
    for page, y, text, size, box in printed.texts:
        assert size >= 6, text
        assert 0.7 < box.x0 / 100 < box.x1 / 100 < 8.27 - 0.7, text
        lines.setdefault((page, y), []).append(box)
    for boxes in lines.values():
        ordered = sorted(boxes, key=lambda box: box.x0)
        assert all(a.x1 < b.x0 for a, b in pairwise(ordered))
    shown = Counter(text for _, _, text, _, _ in printed.texts)
    wanted = Counter(cell for row in table.rows[:count] for cell in row[1:])
    assert not wanted - shown


def test_what_is_not_above_the_honest_figure_is_not_called_optimistic(report, monkeypatch):
    leave_charts_undrawn(monkeypatch)
    found = report.facts.assessment
    ids, counts = found.random.class_ids, found.random.matrix
    worse = AccuracyReport(ids, counts + 1, np.zeros(len(ids), np.int64))
    for parts, optimistic in (({"separated": worse}, True), ({"random": worse}, False)):
        known = replace(report.facts, assessment=replace(found, **parts))
        told = replace(known, **described(known))
        page = Page(html_page(replace(report, facts=told))).text
        assert "Beside training pixels" in page
        assert ("Beside training pixels: optimistic" in page) == optimistic
        assert ("optimistic" in told.methods) == optimistic
