"""What a labelled reference sample says about a map: figures by hand, units, notes, tables."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from hsi_viewer.core.assessment.area_estimates import CANNOT_TELL
from hsi_viewer.core.assessment.reference_sample import ReferenceSample, map_digest
from hsi_viewer.core.assessment.sample_assessment import (
    OTHER,
    OTHER_NAME,
    OTHER_STRATA,
    OWN_STRATA,
    areas_table,
    assess_sample,
    reference_name,
    sample_table,
)
from hsi_viewer.core.labels.classes import ClassLegend, LabelClass

MAP = np.zeros((10, 11), np.uint16)
MAP[:, 1:7], MAP[:, 7:] = 1, 2  # 60 pixels and 40
PIXELS = np.array([1, 2, 3, 12, 13, 7, 8, 9, 18, 19])
SAMPLE = ReferenceSample(
    PIXELS, MAP.ravel()[PIXELS].astype(np.int64), {1: 60, 2: 40}, MAP.shape, 5, map_digest(MAP)
)
RIGHT = SAMPLE.strata


def test_of_points_that_are_all_right_the_areas_are_those_counted():
    found = assess_sample(SAMPLE, RIGHT, MAP)
    assert (found.unit, found.own_strata, found.method) == ("pixels", True, OWN_STRATA)
    assert found.counted == (0.6, 0.4)
    assert [area.value for area in found.areas] == pytest.approx([60, 40])
    assert found.notes == ()
    assert found.seed == 5


@pytest.mark.parametrize(
    ("side", "unit", "areas"),
    [(1.0, "m²", (60, 40)), (20.0, "ha", (2.4, 1.6)), (1000.0, "km²", (60, 40))],
)
def test_areas_are_in_the_unit_that_suits_the_scene(side, unit, areas):
    found = assess_sample(SAMPLE, RIGHT, MAP, np.full(10, side**2))
    assert found.unit == unit
    assert [area.value for area in found.areas] == pytest.approx(areas)
    assert found.in_unit(0.25) == pytest.approx(sum(areas) / 4)


def test_rows_with_more_classified_pixels_count_for_more():
    half = MAP.copy()
    half[:5] = 0
    sizes = {1: 30, 2: 20}
    pixels = PIXELS + 55
    sample = replace(SAMPLE, pixels=pixels, sizes=sizes, digest=map_digest(half))
    found = assess_sample(sample, RIGHT, half, np.r_[np.full(5, 900.0), np.full(5, 100.0)])
    assert found.square_metres == pytest.approx(50 * 100.0)


def test_points_that_cannot_be_told_leave_bounds():
    reference = RIGHT.copy()
    reference[0] = CANNOT_TELL
    (note,) = assess_sample(SAMPLE, reference, MAP).notes
    assert note.startswith("The class of 1 of 10 points is unknown;")
    assert note.endswith("the overall accuracy would be 88.0 or 100.0 %.")  # 0.6 * 4 / 5 + 0.4


def test_of_another_map_the_points_keep_their_strata():
    other = MAP.copy()
    other[:, 1:3] = 0
    found = assess_sample(SAMPLE, RIGHT, other)
    assert (found.own_strata, found.method) == (False, OTHER_STRATA)
    (note,) = found.notes  # 4 of the 5 points of class 1
    assert note.startswith("48.0 % of the area that the points stand for is unclassified in the")
    assert found.counted == pytest.approx((0.5, 0.5))
    assert [row[3] for row in areas_table(found).rows] == ["40", "40"]  # pixels of that map


def test_both_tables_have_a_row_for_each_class_and_figure():
    reference = RIGHT.copy()
    reference[-1] = 1
    found = assess_sample(SAMPLE, reference, MAP, np.full(10, 400.0))
    names = {1: "Corn", 2: "Oats"}
    table = sample_table(found, names.__getitem__)
    assert table.title.startswith(
        "Estimated from 10 reference points drawn at random (seed 5), with 95 % intervals. The"
    )
    values = {(name, figure): value for name, figure, value, *_ in table.rows}
    assert values == {
        ("All", "Overall accuracy, %"): "92",  # 0.6 + 0.4 * 4 / 5
        ("Corn", "User's accuracy, %"): "100",
        ("Corn", "Producer's accuracy, %"): "88.2353",  # 0.6 / 0.68
        ("Corn", "Share of the area, %"): "68",
        ("Corn", "Area, ha"): "2.72",
        ("Oats", "User's accuracy, %"): "80",
        ("Oats", "Producer's accuracy, %"): "100",
        ("Oats", "Share of the area, %"): "32",
        ("Oats", "Area, ha"): "1.28",
    }
    short = areas_table(found, names.__getitem__)
    assert short.head[-2:] == ("Counted, ha", "Estimated, ha")
    assert [(row[0], row[3]) for row in short.rows] == [("Corn", "2.4"), ("Oats", "1.6")]
    assert [row[1].split(" (")[0] for row in short.rows] == ["100.0", "80.0"]
    assert [row[4].split(" (")[0] for row in short.rows] == ["2.72", "1.28"]
    in_pixels = areas_table(assess_sample(SAMPLE, reference, MAP))
    assert [row[0] for row in in_pixels.rows] == ["1", "2"]
    assert [row[3] for row in in_pixels.rows] == ["60", "40"]


def test_a_class_without_points_has_no_figures():
    found = assess_sample(SAMPLE, np.where(RIGHT == 2, OTHER, RIGHT), MAP)
    table = areas_table(found, reference_name(ClassLegend([LabelClass(1, "Corn", (1, 2, 3))])))
    rows = {row[0]: row for row in table.rows}
    assert rows[OTHER_NAME][1] == "no points"
    assert rows["Corn"][1].startswith("100.0 (")


def test_the_name_of_what_is_none_of_the_classes_gives_way_to_a_class_of_that_number():
    assert reference_name(ClassLegend([]))(OTHER) == OTHER_NAME
    legend = ClassLegend([LabelClass(OTHER, "Last", (1, 2, 3))])
    assert reference_name(legend)(OTHER) == "Last"
