"""Declared no-data values match to their digits; binary ones in the type of the array."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.nodata import SuspectedFill, can_hold, is_nodata

LOWEST = np.finfo(np.float32).min


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("-3.402823e+38", LOWEST),
        ("-3.40282e+38", LOWEST),
        ("-3.4028235e+38", LOWEST),
        ("-3.4e38", LOWEST),
        ("-3.40282346638529e+38", LOWEST),
        ("9.96921e+36", np.float32(9.969209968386869e36)),
        ("-1.23e34", np.float32(-1.23e34)),
        ("0.1", np.float32(0.1)),
        ("-9999.9", np.float32(-9999.9)),
        ("1e20", np.float32(1e20)),
        ("-1.797693e+308", np.finfo(np.float64).min),
        ("-1.79769313486232e+308", np.finfo(np.float64).min),  # of 15 digits: beyond the range
        ("-9999", np.int16(-9999)),
        ("18446744073709551615", np.uint64(2**64 - 1)),
    ],
)
def test_a_rounded_number_is_the_stored_one(text: str, stored) -> None:
    assert is_nodata(np.array([stored]), float(text)).all()


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("-9999", np.float32(-9999.4)),
        ("0", np.float32(0.3)),
        ("0.1", np.float32(0.12)),
        ("-3.402823e+38", np.float32(-3.4028e38)),
        ("1e20", np.float32(1.2e20)),
        ("123456", np.float64(123456.3)),
        ("-1.79769313486232e+308", np.float64(-1.7e308)),
        ("-32768", np.int16(-32767)),
    ],
)
def test_another_value_is_data(text: str, stored) -> None:
    assert not is_nodata(np.array([stored]), float(text)).any()


def test_a_cube_leaves_out_its_no_data_value_and_its_fill_values() -> None:
    values = np.array([1.0, -9999, 1e20, np.nan, np.inf, 2], np.float32).reshape(1, 6, 1)
    cube = HyperCube.from_array(values, nodata=-9999.0, fill_values=(1e20,))
    assert cube.is_data(cube.read()).ravel().tolist() == [True, False, False, False, False, True]


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (SuspectedFill(-9999.0, 400), "400 pixels hold -9999 in every band: no data?"),
        (SuspectedFill(1e20, 1), "1 pixel holds 1e+20 in every band: no data?"),
        (SuspectedFill(-999.0, 5120, True), "About 5,120 pixels hold -999 in every band: no data?"),
        (SuspectedFill(np.inf, 10), "10 pixels hold infinite values: treated as no data."),
    ],
)
def test_it_is_reported_with_the_value_and_the_number(found: SuspectedFill, sentence: str) -> None:
    assert found.sentence == sentence


@pytest.mark.parametrize(
    ("dtype", "value", "held"),
    [
        ("uint16", -9999, False),
        ("uint16", 65536, False),
        ("uint16", 0.5, False),
        ("int16", np.nan, False),
        ("int16", np.inf, False),
        ("int16", -32769, False),
        ("bool", -1, False),
        ("bool", 2, False),
        ("float32", 1e300, False),
        ("uint16", 65535, True),
        ("int16", -32768, True),
        ("bool", 0, True),
        ("uint64", 2**64 - 1, True),
        ("uint64", float(2**64), True),  # as a float has the highest
        ("float32", -3.403e38, True),
        ("float32", np.nan, True),
        ("float32", 0.1, True),
        ("complex64", -9999, True),
    ],
)
def test_a_no_data_value_that_the_type_never_has_is_reported(dtype, value, held) -> None:
    assert can_hold(np.dtype(dtype), value) == held
    cube = HyperCube.from_array(np.full((2, 3, 4), 1, dtype), nodata=value)
    assert cube.is_data(cube.read()).all()
    assert len(cube.warnings) == (not held)
    assert all("has no effect" in warning and dtype in warning for warning in cube.warnings)


def test_a_truth_value_may_mean_no_data():
    assert [can_hold(np.dtype(bool), value) for value in (-1, 0, 0.5, 1, 2)] == [
        False, True, False, True, False,
    ]  # fmt: skip
