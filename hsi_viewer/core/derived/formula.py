"""Formulas of bands, e.g. (r860 - r650) / (r860 + r650), read by a parser that runs no code.

Python's own parser gives the tree; each node is checked against the few that are allowed, and
the tree is then walked with numpy. Numbers are double precision from the start, so that no
power grows without bounds.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.band_selection import nearest_band
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import FormulaError

MAX_LENGTH = 400
TOLERANCE_NM = 25.0  # how far a band may lie from the wavelength that a formula asks for

Value = Any  # a number or an array of doubles

OPERATORS: dict[type[ast.AST], Callable[..., Value]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Pow: np.power,
    ast.USub: np.negative,
    ast.UAdd: np.positive,
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
}


def _least(*values: Value) -> Value:
    return np.minimum.reduce(np.broadcast_arrays(*values))


def _greatest(*values: Value) -> Value:
    return np.maximum.reduce(np.broadcast_arrays(*values))


# Name: function, fewest and most arguments.
FUNCTIONS: dict[str, tuple[Callable[..., Value], int, int]] = {
    "sqrt": (np.sqrt, 1, 1),
    "log": (np.log, 1, 1),
    "log10": (np.log10, 1, 1),
    "exp": (np.exp, 1, 1),
    "abs": (np.abs, 1, 1),
    "min": (_least, 2, 16),
    "max": (_greatest, 2, 16),
    "where": (np.where, 3, 3),
}

_BAND = re.compile(r"b([1-9]\d{0,5})")
_WAVELENGTH = re.compile(r"r(\d{2,5}(?:\.\d+)?)")
# A decimal wavelength is not a Python name: r652.5 is read as r652_5.
_DECIMAL = re.compile(r"\br(\d{2,5})\.(\d+)")


@dataclass(frozen=True)
class Formula:
    """A formula that was checked.

    Attributes
    ----------
    text : as it was typed.
    names : bands that it uses: b12 is the 12th band, r650 the good band nearest to 650 nm.
    """

    text: str
    names: tuple[str, ...]
    _tree: ast.expr = field(repr=False, compare=False)

    def bands_in(self, cube: HyperCube) -> dict[str, int]:
        """0-based band of a cube for each name.

        Raises
        ------
        FormulaError
            if the cube has no such band, no wavelengths, or none near enough.
        """
        return {name: _band_of(name, cube) for name in self.names}

    def evaluate(self, values: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
        """The formula's value.

        Parameters
        ----------
        values : an array for each of `names`, all of one shape.

        Returns
        -------
        array
            of that shape; of shape () if no band is used. Not finite where a division by zero
            or a logarithm of what is not positive was asked for.
        """
        with np.errstate(all="ignore"):
            return np.asarray(_value(self._tree, values), np.float64)


def parse_formula(text: str) -> Formula:
    """Read a formula: + - * / **, comparisons, numbers, b12, r650 and the FUNCTIONS.

    Raises
    ------
    FormulaError
        saying what is not understood.
    """
    if not text.strip():
        raise FormulaError("The formula is empty: type one such as (r860 - r650) / (r860 + r650).")
    if len(text) > MAX_LENGTH:
        raise FormulaError(f"The formula is longer than {MAX_LENGTH} characters.")
    code = _DECIMAL.sub(r"r\1_\2", text.strip().lower())
    try:
        tree = ast.parse(code, mode="eval").body
    except SyntaxError as error:
        raise FormulaError(_incomplete(error)) from None
    except (ValueError, RecursionError, MemoryError):
        raise FormulaError("The formula cannot be read: it is nested too deeply.") from None
    names: dict[str, None] = {}
    try:
        _check(tree, names)
    except RecursionError:
        raise FormulaError("The formula cannot be read: it is nested too deeply.") from None
    if not names:
        raise FormulaError("The formula uses no bands: add one, such as b12 or r650.")
    return Formula(text.strip(), tuple(names), tree)


def _incomplete(error: SyntaxError) -> str:
    if "was never closed" in error.msg:
        return f'Incomplete formula: unclosed "(" at character {error.offset}.'
    at = f" near character {error.offset}" if error.offset else " at its end"
    return f"The formula is incomplete or mistyped{at}."


def _check(node: ast.expr, names: dict[str, None]) -> None:
    """Refuse every node that is not allowed; collect the names of bands."""
    if isinstance(node, ast.Constant):
        _number(node.value)
    elif isinstance(node, ast.Name):
        names[_band_name(node.id)] = None
    else:
        for part in _parts(node):
            _check(part, names)


def _band_name(typed: str) -> str:
    name = typed.replace("_", ".")
    if not (_BAND.fullmatch(name) or _WAVELENGTH.fullmatch(name)):
        raise FormulaError(
            f"“{typed}” is unknown: bands are named b12 (band 12) or r650 (at 650 nm); functions "
            f"are {', '.join(FUNCTIONS)}."
        )
    return name


def _parts(node: ast.expr) -> list[ast.expr]:
    """Operands of an operator, a comparison or a function, if it is allowed."""
    match node:
        case ast.BinOp(op=ast.BitXor()):
            raise FormulaError("“^” is not supported: write powers with **.")
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in OPERATORS:
            return [left, right]
        case ast.UnaryOp(op=operator, operand=operand) if type(operator) in OPERATORS:
            return [operand]
        case ast.Compare(left=left, ops=[operator], comparators=[right]) if (
            type(operator) in OPERATORS
        ):
            return [left, right]
        case ast.Compare():
            raise FormulaError("Compare two values at a time, for example r860 > 0.2.")
        case ast.Call():
            _check_call(node)
            return node.args
    raise FormulaError(
        f"“{ast.unparse(node)[:40]}” is not allowed in a formula: use + - * / **, numbers, "
        f"bands and {', '.join(FUNCTIONS)}."
    )


def _check_call(node: ast.Call) -> None:
    called = node.func.id if isinstance(node.func, ast.Name) else ""
    if called not in FUNCTIONS or node.keywords:
        raise FormulaError(
            f"“{ast.unparse(node.func)[:40]}” is not a known function: choose from "
            f"{', '.join(FUNCTIONS)}."
        )
    _, fewest, most = FUNCTIONS[called]
    if not fewest <= len(node.args) <= most:
        wanted = str(fewest) if fewest == most else f"{fewest} or more"
        raise FormulaError(f"{called} takes {wanted} values, not {len(node.args)}.")


def _number(value: object) -> np.float64:
    if type(value) not in (int, float):
        raise FormulaError(f"{value!r} is not a number.")
    try:
        return np.float64(cast("float", value))
    except OverflowError:
        raise FormulaError("A number in the formula is too large.") from None


def _value(node: ast.expr, values: Mapping[str, NDArray[Any]]) -> Value:
    """Value of a node that `_check` has let pass."""
    match node:
        case ast.Constant(value=number):
            return _number(number)
        case ast.Name(id=name):
            return values[name.replace("_", ".")]
        case ast.BinOp(left=left, op=operator, right=right):
            return OPERATORS[type(operator)](_value(left, values), _value(right, values))
        case ast.UnaryOp(op=operator, operand=operand):
            return OPERATORS[type(operator)](_value(operand, values))
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            return OPERATORS[type(operator)](_value(left, values), _value(right, values)) * 1.0
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return FUNCTIONS[name][0](*(_value(a, values) for a in arguments))
    raise FormulaError("The formula was not checked.")


def _band_of(name: str, cube: HyperCube) -> int:
    by_number = _BAND.fullmatch(name)
    if by_number:
        band = int(by_number[1]) - 1
        if band >= cube.bands:
            raise FormulaError(f"{name}: {cube.name} has {cube.bands} bands.")
        return band
    wanted = float(name[1:])
    if cube.wavelengths is None or not np.isfinite(cube.wavelengths).any():
        raise FormulaError(
            f"{name}: {cube.name} has no wavelengths; name bands by number, for example b12."
        )
    band = nearest_band(cube, wanted)
    width = 0.0 if cube.fwhm is None else float(np.nan_to_num(cube.fwhm[band]))
    if abs(cube.wavelengths[band] - wanted) > max(TOLERANCE_NM, width):
        raise FormulaError(
            f"There is no good band at {wanted:g} nm: the nearest is at "
            f"{cube.wavelengths[band]:.0f} nm."
        )
    return band
