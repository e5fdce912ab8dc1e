"""What charts show: each value at its place, with its name, in its colour."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from msgspec.structs import replace

from hsi_viewer.core.assessment.accuracy import AccuracyReport
from hsi_viewer.core.evidence import Evidence, VoiceShare
from hsi_viewer.core.training import EpochReport
from hsi_viewer.jobs.report.charts import Chart, charts_of, colour, colours, short, theme
from tests.unit.jobs.report.by_hand import CLASSES, RANDOM, SPECTRA, assessed, made_facts


def chart(facts, name: str) -> Chart:
    return next(c for c in charts_of(facts) if c.name == name)


def drawn(facts, name: str, style: str = "light"):
    """The axes of a chart, the first of which has the chart's name."""
    found = chart(facts, name)
    figure = Figure(found.size)
    found.draw(figure.add_subplot(), theme(style))
    return figure.axes


def texts(labels) -> list[str]:
    return [label.get_text() for label in labels]


def many(count: int, **changes):
    return tuple(
        dataclasses.replace(CLASSES[0], id=i, name=f"Class {i}", pixels=i, **changes)
        for i in range(1, count + 1)
    )


def test_which_charts_there_are_and_how_large():
    found = {c.name: c for c in charts_of(made_facts())}
    assert list(found) == ["matrix", "reliability", "areas", "training", "spectra"]
    assert found["matrix"].size == pytest.approx((3.66, 3.06))
    assert found["areas"].size == pytest.approx((6.4, 1.48))
    assert "The expected calibration error is 30.0 points." in found["reliability"].about
    assert found["areas"].about == "As counted on the map, with its errors."
    bare = assessed(separated=None, random=None, reliability=None)
    bare = replace(bare, epochs=(), spectra=replace(SPECTRA, classes=()))
    assert [c.name for c in charts_of(bare)] == ["areas"]


@pytest.mark.parametrize("count", [40, 41])
def test_charts_are_of_forty_classes_at_most(count):
    ids = tuple(range(1, count + 1))
    wide = AccuracyReport(ids, np.eye(count, dtype=np.int64), np.zeros(count, np.int64))
    facts = replace(assessed(separated=wide), classes=many(count))
    found = {c.name: c for c in charts_of(facts)}
    assert ("matrix" in found) == (count == 40)
    if count == 40:
        assert found["matrix"].size == (7.6, 7.0)
    few = " The 40 largest of 41."
    assert found["areas"].about == "As counted on the map, with its errors." + few * (count == 41)
    assert found["areas"].size == pytest.approx((6.4, 10.6))
    assert found["spectra"].about.endswith("10 to 90 % of them." + few * (count == 41))
    (axes,) = drawn(facts, "areas")
    assert texts(axes.get_yticklabels())[0] == f"Class {1 + (count == 41)}"
    assert len(axes.patches) == 40


def test_the_matrix_has_truth_down_and_the_map_across():
    report = AccuracyReport(
        (2, 5, 7), np.array([[1, 9, 0], [0, 3, 1], [0, 0, 0]]), np.zeros(3, int)
    )
    (axes,) = drawn(assessed(separated=report), "matrix")
    image = axes.images[0].get_array()
    np.testing.assert_allclose(image, [[0.1, 0.9, 0], [0, 0.75, 0.25], [0, 0, 0]])
    assert (axes.images[0].norm.vmin, axes.images[0].norm.vmax) == (0, 1)
    assert texts(axes.get_xticklabels()) == texts(axes.get_yticklabels())
    assert texts(axes.get_yticklabels()) == ["Corn", "Oats", "Class 7"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Class map", "Truth")
    numbers = {text.get_position(): text.get_text() for text in axes.texts}
    assert numbers == {(0, 0): "1", (1, 0): "9", (1, 1): "3", (2, 1): "1"}


@pytest.mark.parametrize("name", ["light", "dark"])
def test_numbers_in_the_matrix_are_dark_on_bright_cells_and_bright_on_dark_ones(name):
    share = np.arange(1, 17)
    counts = np.stack([share, 16 - share], axis=1)
    report = AccuracyReport(
        tuple(range(1, 17)), np.pad(counts, ((0, 0), (0, 14))), np.zeros(16, int)
    )
    (axes,) = drawn(assessed(separated=report), "matrix", name)
    table, shown = axes.images[0].cmap, axes.images[0].get_array()
    inks = set()
    for text in axes.texts:
        column, row = text.get_position()
        red, green, blue, _ = table(shown[row, column])
        bright = 0.299 * red + 0.587 * green + 0.114 * blue > 0.5
        assert text.get_color() == ("#10151c" if bright else "#ffffff")
        inks.add(text.get_color())
    assert len(inks) == 2
    assert len(axes.texts) == np.count_nonzero(counts)


def test_a_matrix_of_more_than_sixteen_classes_has_no_numbers():
    ids = tuple(range(1, 18))
    wide = AccuracyReport(ids, np.eye(17, dtype=np.int64), np.zeros(17, np.int64))
    (axes,) = drawn(assessed(separated=wide), "matrix")
    assert not axes.texts


def test_reliability_is_drawn_where_there_are_answers():
    (axes,) = drawn(made_facts(), "reliability")
    (bar,) = axes.patches
    assert (bar.get_x(), bar.get_width(), bar.get_height()) == (0.5, 0.5, 0.5)
    diagonal, points = axes.lines
    np.testing.assert_array_equal(diagonal.get_xydata(), [[0, 0], [1, 1]])
    np.testing.assert_allclose(points.get_xydata(), [[0.8, 0.5]])
    assert (points.get_linestyle(), points.get_marker()) == ("None", "o")
    assert (axes.get_xlim(), axes.get_ylim()) == ((0, 1), (0, 1.02))
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Confidence", "Share of right answers")


@pytest.mark.parametrize(
    ("metres", "unit", "widths"),
    [
        ((150_000.0, 100_000.0), "ha", [15, 10]),
        ((9_000.0, 0.0), "m²", [9000, 0]),
        ((3e8, 1e6), "km²", [300, 1]),
        ((None, None), "pixels", [1500, 1000]),
        ((150_000.0, None), "pixels", [1500, 1000]),
    ],
)
def test_areas_are_bars_in_the_colours_of_the_classes(metres, unit, widths):
    classes = tuple(
        dataclasses.replace(c, square_metres=m) for c, m in zip(CLASSES, metres, strict=True)
    )
    (axes,) = drawn(made_facts(classes=classes), "areas")
    assert [bar.get_width() for bar in axes.patches] == pytest.approx(widths)
    assert [to_hex(bar.get_facecolor()) for bar in axes.patches] == ["#fa0102", "#016403"]
    assert axes.get_xlabel() == f"Area ({unit})"
    assert texts(axes.get_yticklabels()) == ["Corn", "Oats"]
    assert axes.yaxis_inverted()  # the first on top
    assert [(t.get_position(), t.get_text()) for t in axes.texts] == [
        ((pytest.approx(widths[0]), 0), " 60.0 %"),
        ((pytest.approx(widths[1]), 1), " 40.0 %"),
    ]


def test_training_is_a_loss_and_a_line_for_each_exit():
    left, right = drawn(made_facts(), "training")
    (loss,) = left.lines
    np.testing.assert_array_equal(loss.get_xydata(), [[1, 0.5], [2, 0.25]])
    assert (left.get_xlabel(), left.get_ylabel()) == ("Epoch", "Loss")
    assert [line.get_ydata().tolist() for line in right.lines] == [[25, 50], [50, 75]]
    assert [line.get_xdata().tolist() for line in right.lines] == [[1, 2], [1, 2]]
    assert [line.get_linestyle() for line in right.lines] == ["-", "--"]
    assert (right.get_ylabel(), right.get_ylim()) == ("Accuracy (%)", (0, 102))
    assert texts(left.get_legend().get_texts()) == ["Loss", "Exit 1", "Exit 2"]
    assert all(float(at).is_integer() for at in left.xaxis.get_major_locator()())
    rounds = (*made_facts().epochs, EpochReport(1, 2, 0.2, ()))
    (alone,) = drawn(made_facts(epochs=rounds), "training")
    assert alone.get_xlabel() == "Epochs of all rounds"
    assert texts(alone.get_legend().get_texts()) == ["Loss"]
    five = (EpochReport(1, 1, 0.5, (0.1, 0.2, 0.3, 0.4, 0.5)),)
    assert [line.get_linestyle() for line in drawn(made_facts(epochs=five), "training")[1].lines][
        3:
    ] == [":", "-"]


@pytest.mark.parametrize(("weight", "heard"), [(0.0049, False), (0.0051, True)])
def test_a_network_that_decides_nothing_is_not_heard(weight, heard):
    voices = (VoiceShare("network", "Network", weight, 0.0),)
    about = chart(made_facts(evidence=Evidence(voices, "none", 5)), "training").about
    assert about.endswith("The network has no weight in this map.") != heard


def test_spectra_are_drawn_in_the_order_of_their_wavelengths():
    (axes,) = drawn(made_facts(), "spectra")
    corn, oats = axes.lines
    np.testing.assert_array_equal(oats.get_xydata(), [[400.4, 0.125], [450, 2], [500, 1]])
    np.testing.assert_array_equal(corn.get_ydata(), [0.25, np.nan, 0.5])
    assert [to_hex(line.get_color()) for line in axes.lines] == ["#fa0102", "#016403"]
    assert {line.get_marker() for line in axes.lines} == {""}
    low, high = axes.collections[1].get_paths()[0].get_extents().intervaly
    assert (low, high) == (0, 3)
    assert texts(axes.get_legend().get_texts()) == ["Corn", "Oats"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Wavelength (nm)", "Value")
    assert axes.get_xlim() == (400.4, 500)
    few = replace(
        SPECTRA,
        unit="band",
        positions=(1.0, 2.0),
        classes=tuple(
            replace(s, mean=s.mean[:2], low=s.low[:2], high=s.high[:2]) for s in SPECTRA.classes
        ),
    )
    (axes,) = drawn(made_facts(spectra=few, classes=CLASSES[1:]), "spectra")
    assert axes.get_xlabel() == "Band"
    assert {line.get_marker() for line in axes.lines} == {"o"}
    assert texts(axes.get_legend().get_texts()) == ["Oats"]  # the other isn't of the map


@pytest.mark.parametrize(("count", "columns"), [(20, 1), (21, 2), (40, 2)])
def test_a_long_legend_has_more_columns(count, columns):
    spectra = replace(
        SPECTRA, classes=tuple(replace(SPECTRA.classes[0], class_id=i + 1) for i in range(count))
    )
    (axes,) = drawn(made_facts(classes=many(count), spectra=spectra), "spectra")
    assert axes.get_legend()._ncols == columns
    corner = axes.get_legend().get_bbox_to_anchor().transformed(axes.transAxes.inverted())
    assert (1 < corner.x0 < 1.2, corner.y0) == (True, 1)  # beside the axes, from their top on


@pytest.mark.parametrize("name", ["light", "dark"])
def test_charts_have_the_colours_of_the_window(name):
    known = colours(name)
    (axes,) = drawn(made_facts(), "reliability", name)
    assert to_hex(axes.get_facecolor()) == known["panel"]
    assert to_hex(axes.xaxis.label.get_color()) == known["text"]
    assert to_hex(axes.get_xticklabels()[0].get_color()) == known["text"]
    assert {side: spine.get_visible() for side, spine in axes.spines.items()} == {
        "left": True, "bottom": True, "right": False, "top": False,
    }  # fmt: skip
    assert to_hex(axes.spines["left"].get_edgecolor()) == known["grid"]
    for each in charts_of(made_facts()):
        for axes in drawn(made_facts(), each.name, name):
            assert to_hex(axes.get_facecolor()) == known["panel"], each.name
            assert to_hex(axes.yaxis.label.get_color()) == known["text"], each.name
    assert to_hex(drawn(made_facts(), "training", name)[0].lines[0].get_color()) == known["red"]
    assert RANDOM.total == 20


def test_names_are_shortened_and_begin_no_formula():
    assert short("A name of a class that is long") == "A name of ...t is long"
    assert len(short("x" * 99)) == 22
    facts = made_facts(classes=(dataclasses.replace(CLASSES[0], name="$x$"), CLASSES[1]))
    for name in ("areas", "spectra", "matrix"):
        (axes,) = drawn(facts, name)
        labels = [*axes.get_xticklabels(), *axes.get_yticklabels()]
        labels += axes.get_legend().get_texts() if axes.get_legend() else []
        named = [label for label in labels if label.get_text() == "$x$"]
        assert named
        assert not any(label.get_parse_math() for label in named)


def test_a_colour_is_its_share_of_255_in_each_channel():
    assert colour((255, 0, 0)) == (1, 0, 0)
    assert colour((51, 102, 204)) == pytest.approx((0.2, 0.4, 0.8))
