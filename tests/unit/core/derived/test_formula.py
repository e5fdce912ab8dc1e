"""Formulas of bands: numpy's results, and nothing else than arithmetic gets through."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.derived.formula import FUNCTIONS, MAX_LENGTH, parse_formula
from hsi_viewer.core.derived.indices import INDICES, disabled_reason, index_named
from hsi_viewer.core.errors import FormulaError

RNG = np.random.default_rng(1)
B = {f"b{i}": RNG.normal(size=(4, 5)) for i in (1, 2, 3)}
NM = np.arange(400.0, 2500.0, 10.0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("b1 + b2 * b3", B["b1"] + B["b2"] * B["b3"]),
        ("-(b1 - 2) / b2 ** 2", -(B["b1"] - 2) / B["b2"] ** 2),
        ("sqrt(abs(b1)) + log(abs(b2)) + log10(3) + exp(b3)", None),
        ("min(b1, b2, 0.1)", np.minimum(np.minimum(B["b1"], B["b2"]), 0.1)),
        ("max(b1, b2)", np.maximum(B["b1"], B["b2"])),
        ("where(b1 > 0.2, b2, -b3)", np.where(B["b1"] > 0.2, B["b2"], -B["b3"])),
        ("B1 <= b2", (B["b1"] <= B["b2"]).astype(float)),
        ("1e-3 * +b1", 1e-3 * B["b1"]),
    ],
)
def test_values_are_numpys(text, expected):
    if expected is None:
        expected = (
            np.sqrt(np.abs(B["b1"])) + np.log(np.abs(B["b2"])) + np.log10(3) + np.exp(B["b3"])
        )
    np.testing.assert_allclose(parse_formula(text).evaluate(B), expected)


def test_names_are_bands_by_number_and_by_wavelength():
    cube = HyperCube.from_array(np.zeros((2, 2, NM.size)), NM)
    formula = parse_formula("r652.5 - b3 + r860 - b3")
    assert formula.names == ("r652.5", "b3", "r860")
    assert formula.bands_in(cube) == {"r652.5": 25, "b3": 2, "r860": 46}


def test_a_bad_band_is_not_taken_for_a_wavelength():
    good = np.ones(NM.size, bool)
    good[46] = False
    cube = HyperCube.from_array(np.zeros((2, 2, NM.size)), NM, good_bands=good)
    assert parse_formula("r860").bands_in(cube)["r860"] in (45, 47)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("b211", "210 bands"),
        ("r350", "no good band at 350 nm: the nearest is at 400 nm"),
        ("r9000", "no good band at 9000 nm"),
    ],
)
def test_bands_that_a_cube_lacks_are_named(text, expected):
    cube = HyperCube.from_array(np.zeros((2, 2, NM.size)), NM)
    with pytest.raises(FormulaError, match=expected):
        parse_formula(text).bands_in(cube)


def test_without_wavelengths_bands_have_numbers():
    with pytest.raises(FormulaError, match="no wavelengths; name bands by number"):
        parse_formula("r650").bands_in(HyperCube.from_array(np.zeros((2, 2, 5))))


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "b1.__class__",
        "(lambda: b1)()",
        "[b1 for b1 in (1,)]",
        "b1 if b2 else b3",
        "open('x')",
        "abs(b1, b2)",
        "where(b1, b2)",
        "min(b1)",
        "max(*b1)",
        "abs(x=b1)",
        "b1 and b2",
        "not b1",
        "~b1",
        "b1 ^ 2",
        "b1 // 2",
        "b1 @ b2",
        "b1 < b2 < b3",
        "b1[0]",
        "'b1'",
        "True + b1",
        "1j * b1",
        "f'{b1}'",
        "b0",
        "b1_000_000_000",
        "r1",
        "eval",
        "(b1 := 2)",
        "b1; b2",
        "b1 +",
        "",
        "   ",
        "3 + 4",
        "1" + "0" * 399,
        "9" * 390 + "*b1",
        "b1 +" + "b1" * MAX_LENGTH,
        "(" * 190 + "b1" + ")" * 190,
        "-" * 395 + "b1x",
        "b1\x00",
        "…",
    ],
)
def test_all_else_is_refused(text):
    if text.startswith("((("):  # deep, but no more than brackets
        np.testing.assert_array_equal(parse_formula(text).evaluate(B), B["b1"])
        return
    with pytest.raises(FormulaError):
        parse_formula(text)


def test_a_tower_of_powers_ends_at_once():
    assert np.isinf(parse_formula("b1 * 0 + 9**9**9**9**9").evaluate({"b1": np.zeros(3)})).all()


@given(
    st.text(alphabet="b123r650+-*/()., <>=x_'\"\\[]{}:@^&|~%!\nsqrtwhemaxloglambda", max_size=60)
)
def test_any_text_is_read_or_refused(text):
    try:
        formula = parse_formula(text)
    except FormulaError:
        return
    values = {name: np.ones((2, 2)) for name in formula.names}
    assert formula.evaluate(values).shape in ((), (2, 2))


def test_functions_are_few():
    assert set(FUNCTIONS) == {"sqrt", "log", "log10", "exp", "abs", "min", "max", "where"}


def test_indices_say_what_a_cube_lacks():
    full = HyperCube.from_array(np.ones((2, 2, NM.size), np.float32), NM)
    assert [i.name for i in INDICES if disabled_reason(i, full)] == []
    visible = HyperCube.from_array(np.ones((2, 2, 61), np.float32), NM[:61])
    assert disabled_reason(index_named("NDVI"), visible) is None
    assert "2200 nm: the nearest is at 1000 nm" in disabled_reason(index_named("NBR"), visible)
    counts = HyperCube.from_array(np.ones((2, 2, NM.size), np.int16), NM)
    assert "gives no scale factor" in disabled_reason(index_named("EVI"), counts)
    assert disabled_reason(index_named("NDVI"), counts) is None


def test_ndvi_is_the_published_ratio():
    formula = parse_formula(index_named("NDVI").formula)
    red, infrared = np.array([0.1, 0.3]), np.array([0.5, 0.3])
    np.testing.assert_allclose(formula.evaluate({"r650": red, "r860": infrared}), [2 / 3, 0.0])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("b1 + (b2 - b1", r'Incomplete formula: unclosed "\(" at character 6'),
        ("b1 +", "incomplete or mistyped at its end"),
        ("b1 b2", "incomplete or mistyped near character 4"),
        ("b1 ^ 2", r"write powers with \*\*"),
        ("b1 < b2 < b3", "Compare two values at a time"),
        ("b1 // 2", "“b1 // 2” is not allowed in a formula"),
        ("abs(b1, b2)", "abs takes 1 values, not 2"),
        ("where(b1, b2)", "where takes 3 values, not 2"),
        ("min(b1)", "min takes 2 or more values, not 1"),
        ("cos(b1)", "“cos” is not a known function"),
        ("abs(x=b1)", "“abs” is not a known function"),
        ("1j * b1", "1j is not a number"),
        ("b1 + c2", "“c2” is unknown: bands are named b12"),
    ],
)
def test_what_is_wrong_is_reported(text, expected):
    with pytest.raises(FormulaError, match=expected):
        parse_formula(text)
