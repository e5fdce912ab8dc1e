"""Reference samples go through files whole, and other points are refused."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from hsi_viewer.core.assessment.area_estimates import CANNOT_TELL
from hsi_viewer.core.assessment.reference_sample import draw_sample
from hsi_viewer.core.errors import ExportError, FormatError, LabelError
from hsi_viewer.core.labels.classes import ClassLegend, LabelClass
from hsi_viewer.io.regions.grid import Grid
from hsi_viewer.io.regions.reference_points import read_reference_points, write_reference_points

LEGEND = ClassLegend([LabelClass(1, "Corn", (1, 2, 3)), LabelClass(5, "Oats", (4, 5, 6))])
GRID = Grid(12, 10, (30.0, 0.0, 500_000.0, 0.0, -30.0, 5_000_000.0), "EPSG:32633")


@pytest.fixture
def drawn():
    class_map = np.ones((12, 10), np.uint16)
    class_map[:, 6:] = 5
    sample = draw_sample(class_map, {1: 6, 5: 4}, seed=7)
    return sample, np.array([1, 5, 0, 1, 5, 1, 1, CANNOT_TELL, 5, 5])


@pytest.mark.parametrize("suffix", [".csv", ".gpkg", ".geojson"])
@pytest.mark.parametrize("grid", [GRID, Grid(12, 10)])
def test_what_is_written_is_read(tmp_path, drawn, suffix, grid):
    sample, reference = drawn
    path = tmp_path / f"points{suffix}"
    write_reference_points(path, sample, reference, LEGEND, grid)
    again, labels = read_reference_points(path, LEGEND, grid)
    np.testing.assert_array_equal(again.pixels, sample.pixels)
    np.testing.assert_array_equal(again.strata, sample.strata)
    np.testing.assert_array_equal(labels, reference)
    assert (again.sizes, again.seed, again.shape) == (sample.sizes, 7, (12, 10))
    assert again.digest == sample.digest
    np.testing.assert_allclose(again.inclusion, sample.inclusion)


def test_a_table_has_the_place_and_the_probability_of_each_point(tmp_path, drawn):
    sample, reference = drawn
    path = tmp_path / "points.csv"
    write_reference_points(path, sample, reference, LEGEND, GRID)
    rows = list(csv.DictReader(path.read_text("utf-8").splitlines()))
    assert len(rows) == 10
    first = rows[0]
    row, column = divmod(int(sample.pixels[0]), 10)
    assert (int(first["row"]), int(first["column"])) == (row, column)
    assert float(first["map_x"]) == 500_000 + 30 * (column + 0.5)
    assert float(first["map_y"]) == 5_000_000 - 30 * (row + 0.5)
    expected = {1: 6 / 72, 5: 4 / 48}[int(first["stratum"])]
    assert float(first["inclusion_probability"]) == pytest.approx(expected)
    assert (first["class_id"], first["class_name"]) == ("1", "Corn")


@pytest.mark.parametrize("suffix", [".csv", ".gpkg", ".geojson"])
def test_a_blind_file_tells_no_class_and_needs_its_map(tmp_path, drawn, suffix):
    sample, reference = drawn
    class_map = np.ones((12, 10), np.uint16)
    class_map[:, 6:] = 5
    path = tmp_path / f"points{suffix}"
    write_reference_points(path, sample, np.zeros(10, np.int64), LEGEND, GRID, blind=True)
    assert b"strat" not in path.read_bytes()
    assert b"inclusion" not in path.read_bytes()
    with pytest.raises(FormatError, match=r"was written blind.*--strata MAP"):
        read_reference_points(path, LEGEND, GRID)
    again, labels = read_reference_points(path, LEGEND, GRID, class_map)
    np.testing.assert_array_equal(again.strata, sample.strata)
    assert again.sizes == sample.sizes
    assert not labels.any()
    other = class_map.copy()
    other[0, 0] = 5
    with pytest.raises(LabelError, match="drawn from another map"):
        read_reference_points(path, LEGEND, GRID, other)
    write_reference_points(path, sample, reference, LEGEND, GRID)
    with pytest.raises(LabelError, match="drawn from another map"):
        read_reference_points(path, LEGEND, GRID, other)


def test_names_alone_are_enough(tmp_path, drawn):
    sample, reference = drawn
    path = tmp_path / "points.csv"
    write_reference_points(path, sample, reference * 0, LEGEND, GRID)
    lines = path.read_text("utf-8").splitlines()
    at = lines[0].split(",").index("class_name")
    cells = lines[1].split(",")
    cells[at], cells[at - 1] = "oats", ""
    path.write_text("\n".join([lines[0], ",".join(cells), *lines[2:]]), encoding="utf-8")
    assert read_reference_points(path, LEGEND, GRID)[1].tolist() == [5, *[0] * 9]


@pytest.mark.parametrize(
    ("change", "error", "reason"),
    [
        (("row,", "line,"), FormatError, "isn't a reference sample: it has no column row"),
        (("\n1,", "\n1,99"), LabelError, "1 point lies outside the scene of 12 x 10"),
        (("\n1,", "\n1,x"), FormatError, "something other than numbers"),
        (("\n1,", "\n1,0.5"), FormatError, "whole numbers"),
        (("Corn", "Rye"), None, ""),
        ((",1,Corn", ",,Rye"), FormatError, 'there is no class "Rye"'),
        ((",1,Corn", ",-1,Corn"), FormatError, "class ids are whole numbers from 0 to 65535"),
        ((",72,", ",73,"), FormatError, "different stratum_pixels"),
        (("seed,", "dice,"), FormatError, "Draw a reference sample"),
    ],
)
def test_other_files_are_refused(tmp_path, drawn, change, error, reason):
    sample, reference = drawn
    path = tmp_path / "points.csv"
    write_reference_points(path, sample, reference, LEGEND, GRID)
    text = path.read_text("utf-8")
    assert change[0] in text
    path.write_text(text.replace(*change, 1), encoding="utf-8")
    if error is None:
        read_reference_points(path, LEGEND, GRID)
        return
    with pytest.raises(error, match=reason):
        read_reference_points(path, LEGEND, GRID)


def test_points_listed_twice_or_left_out_are_refused(tmp_path, drawn):
    sample, reference = drawn
    path = tmp_path / "points.csv"
    write_reference_points(path, sample, reference, LEGEND, GRID)
    lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([*lines, lines[1]]), encoding="utf-8")
    with pytest.raises(FormatError, match="a pixel has two points"):
        read_reference_points(path, LEGEND, GRID)
    path.write_text("\n".join(lines[:-1]), encoding="utf-8")
    with pytest.raises(FormatError, match=r"contains 9 of 10 points\. Points that were left out"):
        read_reference_points(path, LEGEND, GRID)


def test_labels_that_somebody_chose_are_refused(tmp_path):
    with pytest.raises(FormatError, match="Areas can only be estimated from a probability sample"):
        read_reference_points(tmp_path / "truth.tif", LEGEND, GRID)


def test_only_points_can_be_written(tmp_path, drawn):
    with pytest.raises(ExportError, match=r"choose \.gpkg, \.geojson or \.csv"):
        write_reference_points(tmp_path / "points.tif", *drawn, LEGEND, GRID)
