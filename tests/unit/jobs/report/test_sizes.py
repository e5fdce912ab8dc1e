"""Letters, lines and marks of a report have the size of their purpose, in each place."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from msgspec.structs import replace

from hsi_viewer.core.assessment.confusion_table import TextTable
from hsi_viewer.core.display.colour_bar import ColourBar
from hsi_viewer.jobs.report import pdf
from hsi_viewer.jobs.report.charts import charts_of, theme
from hsi_viewer.jobs.report.gather import Report
from hsi_viewer.jobs.report.pictures import Picture
from tests.unit.jobs.report.by_hand import assessed, made_facts, sample


class Book:
    """Keeps the pages in place of a file."""

    def __init__(self, *_: object, **__: object) -> None:
        self.pages: list[Figure] = []

    def __enter__(self) -> Book:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def savefig(self, figure: Figure) -> None:
        self.pages.append(figure)

    def sizes(self) -> dict[str, set[float]]:
        """The sizes of each text of the pages."""
        found: dict[str, set[float]] = {}
        for text in (text for page in self.pages for text in page.texts):
            found.setdefault(text.get_text(), set()).add(text.get_fontsize())
        return found


@pytest.fixture
def book(monkeypatch) -> Book:
    found = Book()
    monkeypatch.setattr(pdf, "PdfPages", lambda *_, **__: found)
    return found


def picture(name: str, rows: int = 4, bar: ColourBar | None = None) -> Picture:
    return Picture(name, f"about {name}", np.zeros((rows, 6, 4), np.uint8), bar)


BAR = ColourBar("Margin", np.zeros((256, 4), np.uint8), 1.0, 0.0)


def test_each_text_of_the_pages_has_its_size(book, tmp_path):
    facts = made_facts(sample=sample())
    pictures = (picture("map"), picture("labels"), picture("margin", bar=BAR))
    pdf.write_pdf(Report(facts, pictures), tmp_path / "none.pdf")
    found = book.sizes()

    def size(beginning: str) -> set[float]:
        return set().union(*(s for text, s in found.items() if text.startswith(beginning)))

    assert size("Class map of made    ") == {7}  # at the foot
    assert found["Class map of made"] == {17}
    assert found["Quote this."] == {11}
    for heading in ("Accuracy", "Uncertainty", "Methods", "Data and settings", "Warnings"):
        assert found[heading] == {13}, heading
    for heading in (
        "Separate places",
        "By class, separate places",
        "Confusion matrix",
        "Areas",
        "Reference points drawn at random",
        "Areas and accuracy estimated from reference points",
        "Training",
    ):
        assert found[heading] == {10}, heading
    assert found["It was done so."] == {9}
    for text in (
        "The map reached", "They give an overall", "Rows are the truth", "- Somebody",
        "- Few labels", "Scene: ", "Entropy: it is not", "As counted",
    ):  # fmt: skip
        assert size(text) == {8}, text
    assert size("map: about map") == size("margin: about margin") == {7.5}
    assert found["Corn"] >= {8}  # beside its colour
    assert set().union(*found.values()) == {7, 7.5, 8, 9, 10, 11, 13, 17}
    cells = [text for text, sizes in found.items() if 7 in sizes]
    assert max(map(len, cells)) < 25
    texts = [text for text, sizes in found.items() if 9 in sizes]
    assert len(texts) == 6  # of the accuracy and the methods, a line each
    assert {text.split()[0] for text in texts} == {
        "Test", "figure", "pixels", "Few", "It",
    }  # fmt: skip
    assert not (tmp_path / "none.pdf").exists()


def test_pictures_stand_side_by_side_under_their_names(book, tmp_path):
    facts = replace(assessed(separated=None, random=None, reliability=None), epochs=())
    pictures = (picture("map", 60), picture("labels", 60), picture("margin", 60, BAR))
    pdf.write_pdf(Report(facts, pictures), tmp_path / "none.pdf")
    drawn = [axes for page in book.pages for axes in page.axes if axes.images]
    scenes = [axes for axes in drawn if axes.get_title(loc="left")]
    assert [axes.get_title(loc="left") for axes in scenes] == ["map", "labels", "margin"]
    (bar,) = (axes for axes in drawn if axes not in scenes)
    boxes = [axes.get_position(original=True) for axes in scenes]
    width = (8.27 - 2 * 0.75 - 0.3) / 2
    for box, left in zip(boxes, (0.75, 0.75 + width + 0.3, 0.75), strict=True):
        assert box.x0 * 8.27 == pytest.approx(left)
        assert (box.width * 8.27, box.height * 11.69) == pytest.approx((width, 3.1))
        assert box.y0 * 11.69 > 0.75
    box = bar.get_position(original=True)
    assert (box.width * 8.27, box.height * 11.69) == pytest.approx((width, 0.1))
    assert (boxes[2].y0 - box.y0) * 11.69 == pytest.approx(0.18)
    assert bar.images[0].get_extent() == [0, 1, 0, 1]
    names = [t for axes in scenes for t in axes.findobj(Text) if t.get_text() in ("map", "margin")]
    assert [t.get_fontsize() for t in names] == [9, 9]


def test_plain_pages_have_the_same_sizes(book, tmp_path):
    table = TextTable("Of the scenes", ("Scene",), (("a",), ("b",)))
    pdf.write_plain_pdf("A model", "Quote this.", [("Scenes", (table, "Few."))], tmp_path / "no")
    found = book.sizes()
    assert (found["A model"], found["Quote this."], found["Scenes"]) == ({17}, {11}, {13})
    assert found["Of the scenes"] == found["Few."] == {9}
    assert found["Scene"] == found["a"] == found["b"] == {7}


def test_letters_and_marks_of_charts():
    for chart in charts_of(made_facts()):
        figure = Figure(chart.size)
        chart.draw(figure.add_subplot(), theme("light"))
        for axes in figure.axes:
            assert axes.yaxis.label.get_fontsize() == 9, chart.name
            assert {t.get_fontsize() for t in axes.get_yticklabels()} == {8}, chart.name
            assert {t.get_fontsize() for t in axes.texts} <= {7}, chart.name
        legends = [axes.get_legend() for axes in figure.axes if axes.get_legend()]
        assert {t.get_fontsize() for made in legends for t in made.get_texts()} <= {7}, chart.name
        first = figure.axes[0]
        if chart.name == "reliability":
            assert first.lines[1].get_markersize() == 4
            assert {bar.get_alpha() for bar in first.patches} == {0.55}
        if chart.name == "spectra":
            assert {area.get_alpha() for area in first.collections} == {0.18}
        if chart.name == "areas":
            assert {bar.get_height() for bar in first.patches} == {0.75}
            assert first.margins()[0] == 0.12
        if chart.name == "training":
            assert chart.size == (6.4, 2.8)
