"""Pages are filled from top to bottom: nothing leaves the margins, and nothing is torn apart."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from hsi_viewer.core.display.colour_bar import ColourBar
from hsi_viewer.jobs.report.charts import Chart
from hsi_viewer.jobs.report.pdf import Column, Pages, kept_together
from hsi_viewer.jobs.report.pictures import Picture

INCHES = 100  # units of the renderer
WIDTH, HEIGHT, MARGIN = 8.27, 11.69, 0.75
LONG = "Nothing of what is written here matters, but that it takes up several lines of a page. " * 4


class Printed:
    """Takes the pages: their texts with their boxes in inches, from top to bottom."""

    def __init__(self) -> None:
        self.pages: list[list[tuple[str, object, object]]] = []
        self.figures = []

    def savefig(self, figure) -> None:
        renderer = FigureCanvasAgg(figure).get_renderer()
        texts = sorted(figure.texts, key=lambda t: -t.get_position()[1])
        self.pages.append([(t.get_text(), t, t.get_window_extent(renderer)) for t in texts])
        self.figures.append(figure)

    def lines(self, page: int) -> list[str]:
        """All texts but the foot."""
        return [text for text, _, _ in self.pages[page][:-1]]


def printed(fill) -> Printed:
    """What comes of a function that fills pages."""
    found = Printed()
    pages = Pages(found, "A map")
    fill(pages)
    pages.end()
    return found


def test_texts_stay_between_the_margins_and_below_one_another():
    def fill(pages: Pages) -> None:
        for number in range(20):
            pages.heading(f"Heading {number} {LONG}", 13 if number % 2 else 10)
            pages.paragraph(LONG, 7.5 + number / 8, "- " if number % 3 else "")

    found = printed(fill)
    assert len(found.pages) > 1
    for number, page in enumerate(found.pages):
        *lines, (foot, _, low) = page
        assert foot == f"A map    {number + 1}"
        assert low.y1 / INCHES < MARGIN
        assert low.x1 / INCHES == pytest.approx(WIDTH - MARGIN, abs=0.02)
        above = HEIGHT - MARGIN + 0.01
        for text, _, box in lines:
            assert MARGIN - 0.02 <= box.x0 / INCHES < box.x1 / INCHES <= WIDTH - MARGIN, text
            assert MARGIN - 0.06 <= box.y0 / INCHES < box.y1 / INCHES <= above + 0.03, text
            above = box.y0 / INCHES
    assert found.lines(0)[0].startswith("Heading 0 ")
    bold = [t for page in found.pages for _, t, _ in page if t.get_weight() == "bold"]
    assert sum(t.get_text().startswith("Heading ") for t in bold) == 20
    assert {t.get_fontsize() for t in bold} == {13, 10}


def test_a_page_is_full_before_the_next_one_begins():
    found = printed(lambda pages: [pages.paragraph("line", 9) for _ in range(120)])
    heights = [page[-2][2].y0 / INCHES for page in found.pages[:-1]]
    assert all(MARGIN - 0.03 < low < MARGIN + 0.27 for low in heights)
    assert sum(len(found.lines(number)) for number in range(len(found.pages))) == 120


def test_lines_of_a_bullet_are_indented():
    found = printed(lambda pages: pages.paragraph(LONG, 8, "- "))
    first, *others = found.lines(0)
    assert first.startswith("- Nothing")
    assert others
    assert all(line.startswith("    ") and line[4] != " " for line in others)


@pytest.mark.parametrize("keep", [1.2, 4.0])
def test_a_heading_has_room_below_it(keep):
    for lines in range(50, 66, 3):

        def fill(pages: Pages, lines: int = lines) -> None:
            for _ in range(lines):
                pages.paragraph("line", 8)
            pages.heading("Heading", keep=keep)

        found = printed(fill)
        box = next(b for page in found.pages for text, _, b in page if text == "Heading")
        assert box.y0 / INCHES > MARGIN + keep - 0.1


@pytest.mark.parametrize(("rows", "parts"), [(5, 1), (45, 1), (46, 1), (200, 4)])
def test_a_table_has_its_head_on_each_page(rows, parts):
    cells = [(f"row {n}", f"{n}", f"{2 * n}") for n in range(rows)]
    found = printed(lambda pages: pages.table(("Name", "One", "Two"), cells))
    assert len(found.pages) == parts
    for number in range(parts):
        assert sorted(found.lines(number)[:3]) == ["Name", "One", "Two"]
    shown = [text for page in found.pages for text, _, _ in page if text.startswith("row ")]
    assert shown == [row[0] for row in cells]


def test_cells_stand_in_columns_of_their_own():
    cells = [("a", "1", "22"), ("a longer name", "333", "4")]
    found = printed(lambda pages: pages.table(("Name", "One", "Two"), cells))
    boxes = {text: box for text, _, box in found.pages[0]}
    for column in (("One", "1", "333"), ("Two", "22", "4")):
        assert np.ptp([boxes[text].x1 for text in column]) < 2  # right edges
    for column in (("Name", "a", "a longer name"),):
        assert np.ptp([boxes[text].x0 for text in column]) < 3
        assert boxes["Name"].x0 / INCHES == pytest.approx(MARGIN, abs=0.02)
    assert boxes["a longer name"].x1 < boxes["333"].x0
    assert boxes["Name"].y0 > boxes["a"].y1 > boxes["a longer name"].y1


def test_a_short_table_stays_on_one_page_and_of_a_long_one_its_first_rows():
    line = 7 / 72 * 1.6
    assert kept_together(5) == pytest.approx(6 * line)
    assert kept_together(5, 14) == pytest.approx(12 * line)
    assert kept_together(36) == pytest.approx(37 * line)  # below half a page
    assert kept_together(37) == pytest.approx(3 * line)

    def fill(pages: Pages) -> None:
        for _ in range(60):
            pages.paragraph("line", 8)
        pages.table(("Name",), [(f"row {n}",) for n in range(9)])

    found = printed(fill)
    pages = {
        number for number, page in enumerate(found.pages) for text, *_ in page if "row" in text
    }
    assert len(pages) == 1


def test_a_wide_table_comes_in_parts_with_the_first_column_in_each():
    head = ("Class", *(f"A long name of column {n}" for n in range(30)))
    rows = [("corn", *("12345678",) * 30), ("oats", *("1",) * 30)]
    found = printed(lambda pages: pages.table(head, rows))
    lines = [text for page in found.pages for text, *_ in page]
    count = lines.count("corn")
    assert 2 <= count == lines.count("Class") == lines.count("oats") <= 5
    assert lines.count("12345678") == 30
    sizes = {t.get_fontsize() for page in found.pages for _, t, _ in page[:-1]}
    assert min(sizes) >= 6
    for page in found.pages:
        assert all(box.x1 / INCHES < WIDTH - MARGIN + 0.1 for _, _, box in page)


def test_a_head_is_broken_where_it_is_wider_than_its_cells():
    column = Column("User's accuracy, %", "12.5", "100")
    assert column.width == 18
    assert column.wrapped().head == "User's\naccuracy,\n%"
    assert column.wrapped().width == 9
    assert column.wrapped().cells == ("12.5", "100")
    assert Column("A head", "a much longer cell").wrapped().head == "A head"
    assert Column("", "").wrapped().width == 0


def test_swatches_stand_in_columns_with_their_names():
    entries = [(f"name {n}", (10 * n, 0, 0)) for n in range(7)]
    found = printed(lambda pages: pages.swatches(entries, 3))
    boxes = [box for _, _, box in found.pages[0][:-1]]
    assert found.lines(0) == [name for name, _ in entries]
    assert len({round(box.y0) for box in boxes}) == 3
    assert len({round(box.x0) for box in boxes}) == 3
    squares = found.figures[0].artists + found.figures[0].patches[1:]
    assert [round(255 * s.get_facecolor()[0]) for s in squares] == [10 * n for n in range(7)]
    for square, box in zip(squares, boxes, strict=True):
        right = (square.get_x() + square.get_width()) * WIDTH
        assert right < box.x0 / INCHES < right + 0.15
        middle = (square.get_y() + square.get_height() / 2) * HEIGHT
        assert box.y0 / INCHES - 0.03 < middle < box.y1 / INCHES + 0.03


def test_a_picture_stands_where_it_is_put_and_its_bar_below():
    table = np.zeros((256, 4), np.uint8)
    bar = ColourBar("Margin", table, 0.0, 1.0)
    picture = Picture("Margin", "", np.zeros((4, 6, 4), np.uint8), bar)

    def fill(pages: Pages) -> None:
        pages.picture(picture, 2.0, 3.0, 1.5)
        pages.down(1.5)
        pages.paragraph("below")

    found = printed(fill)
    drawn, below = (axes.get_position() for axes in found.figures[0].axes)
    assert (drawn.x0 * WIDTH, drawn.width * WIDTH) == pytest.approx((2.0, 3.0), abs=1.5)
    assert drawn.y1 * HEIGHT == pytest.approx(HEIGHT - MARGIN, abs=0.3)
    assert below.y1 < drawn.y0
    assert (below.x0 * WIDTH, below.width * WIDTH) == pytest.approx((2.0, 3.0))
    (text, *_), *_ = found.pages[0]
    assert text == "below"
    assert found.pages[0][0][2].y1 / INCHES < HEIGHT - MARGIN - 1.5


@pytest.mark.parametrize("name", ["matrix", "areas"])
def test_a_chart_is_drawn_below_its_title_and_text_follows_below_it(name):
    drawn = []
    chart = Chart(name, "A chart", "About it.", (9.0, 9.0), lambda axes, style: drawn.append(axes))

    def fill(pages: Pages) -> None:
        pages.chart(chart)
        pages.paragraph("below")

    found = printed(fill)
    box = drawn[0].get_position()
    boxes = {text: b for text, _, b in found.pages[0]}
    assert found.lines(0) == ["A chart", "About it.", "below"]
    assert box.height * HEIGHT == pytest.approx(5.2)
    assert MARGIN + 1 < box.x0 * WIDTH < box.x1 * WIDTH < WIDTH - MARGIN - 1
    assert boxes["About it."].y0 / INCHES > box.y1 * HEIGHT
    gap = box.y0 * HEIGHT - boxes["below"].y1 / INCHES
    assert gap == pytest.approx(1.65 if name == "matrix" else 0.7, abs=0.1)
