"""Regions of interest: pixels and bands that are used of a scene, and nothing else of it."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hsi_viewer.core.cube.band_choice import chosen_bands, how_to_write, written
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.fill_values import examined
from hsi_viewer.core.cube.region import (
    RegionOfInterest,
    densest,
    extent,
    has_two_classes,
    labels_inside,
    region_record,
    require_classes_inside,
    sampled,
)
from hsi_viewer.core.errors import LabelError, SettingError, TrainingError


def scene(dtype: str = "uint16", shape: tuple[int, int, int] = (9, 12, 5), **fields) -> HyperCube:
    values = np.arange(np.prod(shape)).reshape(shape) % 97 + 3
    return HyperCube.from_array(values.astype(dtype), **fields)


def corner(cube: HyperCube, rows: int = 4, columns: int = 5) -> np.ndarray:
    inside = np.zeros((cube.rows, cube.columns), bool)
    inside[:rows, :columns] = True
    return inside


@pytest.mark.parametrize(
    ("dtype", "fields"),
    [
        ("uint8", {}),
        ("int16", {"nodata": -9999.0}),
        ("uint8", {"nodata": -9999.0}),
        ("int32", {"nodata": 0.5}),
        ("int64", {}),
        ("float32", {"nodata": 7.0}),
        ("float64", {}),
        ("complex64", {}),
    ],
)
def test_only_the_inside_has_data_and_its_values_are_the_same(dtype, fields):
    cube = scene(dtype, **fields)
    inside = corner(cube)
    used = RegionOfInterest(inside).of(cube)
    stored = used.read()
    assert used.is_data(stored)[~inside].sum() == 0
    assert np.array_equal(stored[inside], cube.read()[inside])
    assert np.array_equal(used.is_data(stored)[inside], cube.is_data(cube.read())[inside])
    assert used.read(slice(5, 9), slice(0, 3), [0, 2]).shape == (4, 3, 2)
    if cube.dtype.kind != "c":
        assert np.isnan(used.spectrum(8, 11)).all()
    assert cube.inside is None


def test_nothing_is_read_where_all_is_outside():
    cube = scene()
    asked = []

    class Watched:
        shape, dtype = cube.shape, cube.dtype

        def read(self, rows, columns, bands):
            asked.append((rows, columns))
            return cube.source.read(rows, columns, bands)

    used = RegionOfInterest(corner(cube)).of(HyperCube(Watched()))
    used.read(slice(4, 9), slice(0, 12))
    assert asked == []
    used.read(slice(3, 9), slice(0, 12))
    assert len(asked) == 1


def test_a_region_of_another_size_or_without_pixels_is_refused():
    cube = scene(name="field")
    with pytest.raises(LabelError, match=r"2 x 2 pixels, field is 9 x 12"):
        RegionOfInterest(np.ones((2, 2), bool)).of(cube)
    with pytest.raises(TrainingError, match="no pixel"):
        RegionOfInterest(np.zeros((9, 12), bool)).of(cube)
    bad = scene(good_bands=np.array([True, False, False, True, True]))
    with pytest.raises(TrainingError, match="marked bad"):
        RegionOfInterest(bands=np.array([False, True, True, False, False])).of(bad)


def test_chosen_bands_are_the_good_ones_and_the_words_say_so():
    cube = scene(good_bands=np.array([True, False, True, True, True]))
    region = RegionOfInterest(corner(cube), np.array([True, True, True, False, False]))
    used = region.of(cube)
    assert used.good_bands.tolist() == [True, False, True, False, False]
    assert region.sentence(cube) == region.sentence(used) == "19 % of the scene; 2 of 5 bands"
    assert region_record(used) == {"pixels": 20, "share": 0.185185, "bands_used": [1, 3]}
    assert region_record(cube) is None
    assert not RegionOfInterest()
    one = np.zeros((200, 200), bool)
    one[0, 0] = True
    large = scene(shape=(200, 200, 1))
    assert RegionOfInterest(one).sentence(large) == "less than 1 % of the scene"
    assert RegionOfInterest(~one).sentence(large) == "more than 99 % of the scene"


def test_fill_values_outside_say_nothing_about_the_inside():
    values = np.random.default_rng(0).integers(900, 1100, (20, 20, 6)).astype(np.int32)
    inside = np.zeros((20, 20), bool)
    inside[:, :10] = True
    values[3:5, 2:4] = -9999
    odd = values.copy()
    odd[~inside] = 10_000_000
    found = []
    for stored in (values, odd):
        whole = examined(HyperCube.from_array(stored))  # as the window does it
        used = examined(RegionOfInterest(inside).of(whole))
        found.append((used.fill_values, [f.pixels for f in used.suspected], used.warnings))
    assert found[0] == found[1]
    assert found[0][:2] == ((-9999.0,), [4])


def test_fill_values_of_the_user_stay():
    cube = scene(fill_values=(5.0,))
    assert RegionOfInterest(corner(cube)).of(cube).fill_values == (5.0,)


def test_labels_outside_are_counted_and_left_out_but_not_deleted():
    used = RegionOfInterest(corner(scene())).of(scene())
    ids = np.zeros((9, 12), np.uint16)
    ids[0, 0], ids[8, 8], ids[8, 9] = 1, 2, 2
    kept, note = labels_inside(ids, used)
    assert np.flatnonzero(kept).tolist() == [0]
    assert note == "2 of 3 labels lie outside the region of interest and aren't used."
    _, told = labels_inside(ids, used, names={2: "Water"})
    assert told == f"{note} Without a label inside, and so not mapped: “Water”."
    assert ids[8, 8] == 2
    assert labels_inside(kept, used) == (kept, "")
    assert labels_inside(ids, scene()) == (ids, "")


def test_of_many_classes_outside_some_are_named():
    used = RegionOfInterest(corner(scene())).of(scene())
    ids = np.zeros((9, 12), np.uint16)
    ids[0, :2], ids[8, :7] = (1, 2), range(2, 9)
    _, told = labels_inside(ids, used, names={3: "Oats", 9: "elsewhere"})
    classes = "“Oats”, “Class 4”, “Class 5”, “Class 6” and 2 more"
    assert told.endswith(f"Without a label inside, and so not mapped: {classes}.")


@settings(max_examples=25)
@given(
    rows=st.integers(1, 40),
    columns=st.integers(1, 40),
    count=st.integers(1, 200),
    seed=st.integers(0, 2**16),
)
def test_samples_are_of_the_inside_alone(rows, columns, count, seed):
    rng = np.random.default_rng(seed)
    values = rng.integers(1, 90, (rows, columns, 2)).astype(np.int16)
    inside = rng.random((rows, columns)) < 0.05
    inside[rng.integers(rows), rng.integers(columns)] = True
    values[~inside] = 100
    used = RegionOfInterest(inside).of(HyperCube.from_array(values))
    sample = sampled(used, count)
    assert sample.shape[1:] == (1, 2)
    assert len(sample) > 0
    assert np.nanmax(sample) < 100
    assert len(sample) >= min(count // 2, inside.sum())
    r, c = extent(used)
    assert inside[r, c].sum() == inside.sum()
    assert inside[densest(used, 8)].any()


def test_a_whole_scene_is_sampled_on_a_grid_and_in_its_middle():
    cube = scene(shape=(40, 30, 2))
    assert sampled(cube, 100).shape == (10, 8, 2)
    assert densest(cube, 10) == (slice(15, 25), slice(10, 20))
    assert extent(cube) == (slice(0, 40), slice(0, 30))


WAVES = np.array([400.0, 500.0, 900.0, 1000.0, 1300.0, np.nan])


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("400-900, 1000-1300", [0, 1, 2, 3, 4]),
        ("400-900,1300-1300", [0, 1, 2, 4]),
        ("0.4-0.5 um; 1.0-1.3µm", [0, 1, 3, 4]),
        ("510", [1]),
        ("400 - 500 nm", [0, 1]),
        ("bands 2-3, 6", [1, 2, 5]),
        ("b1, 400-500nm", [0, 1]),
    ],
)
def test_bands_by_wavelength(text, wanted):
    cube = scene(shape=(2, 2, 6), wavelengths=WAVES)
    assert np.flatnonzero(chosen_bands(cube, text)).tolist() == wanted


def test_numbers_are_bands_from_1_where_there_are_no_wavelengths():
    cube = scene(shape=(2, 2, 6))
    assert np.flatnonzero(chosen_bands(cube, "1-2,6")).tolist() == [0, 1, 5]
    assert np.flatnonzero(chosen_bands(cube, [0, 5])).tolist() == [0, 5]
    assert np.flatnonzero(chosen_bands(cube, [3])).tolist() == [3]
    assert np.flatnonzero(chosen_bands(cube, np.arange(6) > 3)).tolist() == [4, 5]


@pytest.mark.parametrize(
    ("choice", "waves", "message"),
    [
        ("", WAVES, "No bands are chosen"),
        ("red", WAVES, r'"red" cannot be read. Write wavelengths in nm'),
        ("900-400", WAVES, "reversed"),
        ("0.4-0.9", WAVES, "covers 400 to 1300 nm"),
        ("2000", WAVES, "covers 400 to 1300 nm"),
        ("bands 0-3", WAVES, "has the bands 1 to 6"),
        ("400-900", None, "the bands 1 to 6 and no wavelengths"),
        ("400-900 nm", None, "has no wavelengths"),
        ([6], WAVES, "indices from 0 to 5"),
        ([], WAVES, "indices from 0 to 5"),
        ([0.5], WAVES, "indices from 0 to 5"),
    ],
)
def test_bands_that_cannot_be_chosen(choice, waves, message):
    with pytest.raises(SettingError, match=message):
        chosen_bands(scene(shape=(2, 2, 6), wavelengths=waves), choice)


@pytest.mark.parametrize(
    ("ids", "enough"),
    [
        ([[0, 0, 0], [0, 0, 0]], False),
        ([[1, 1, 0], [1, 0, 2]], False),  # the other class is outside
        ([[1, 2, 0], [0, 0, 0]], True),
        ([[0, 2, 0], [1, 0, 0]], True),
        ([[1, 0, 0], [0, 1, 0]], False),
        ([[1, 1, 0], [0, 1, 0], [0, 3, 0]], True),
        ([[0, 0, 5], [9, 9, 0]], False),
    ],
)
def test_two_classes_are_needed_inside(ids, enough):
    labels = np.array(ids, np.uint16)
    inside = np.ones(labels.shape, bool)
    inside[:, 2] = False
    assert has_two_classes(labels, inside) == enough
    if enough:
        require_classes_inside(np.where(inside, labels, 0))
    else:
        with pytest.raises(LabelError, match="two classes"):
            require_classes_inside(np.where(inside, labels, 0))


@pytest.mark.parametrize(
    ("chosen", "text"),
    [
        ([1, 1, 1, 0, 0, 1], "bands 1-3, 6"),
        ([0, 1, 0, 1, 1, 0], "bands 2, 4-5"),
        ([1, 1, 1, 1, 1, 1], "bands 1-6"),
        ([0, 0, 0, 0, 0, 0], ""),
    ],
)
def test_chosen_bands_are_written_so_that_they_are_read_again(chosen, text):
    bands = np.array(chosen, bool)
    assert written(bands) == text
    if text:
        cube = HyperCube.from_array(np.ones((2, 3, 6)), np.linspace(400, 900, 6))
        np.testing.assert_array_equal(chosen_bands(cube, text), bands)


@pytest.mark.parametrize("bands", [1, 2, 3, 6, 200])
@pytest.mark.parametrize("waves", [False, True])
def test_what_is_shown_as_an_example_can_be_written(bands, waves):
    nm = np.linspace(475.0, 840.0, bands) if waves else None
    cube = HyperCube.from_array(np.zeros((2, 2, bands), np.float32), wavelengths=nm)
    examples = re.findall(r'"([^"]+)"', how_to_write(cube))
    assert len(examples) == 1 + waves
    for example in examples:
        assert chosen_bands(cube, example).any()
        ends = re.fullmatch(r"(\d+)-(\d+), (\d+)", example)
        assert ends is None or int(ends[1]) < int(ends[2]) < int(ends[3]) == bands
