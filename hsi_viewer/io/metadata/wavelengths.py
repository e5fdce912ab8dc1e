"""Wavelengths in any unit that headers use, as nanometres."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

NM_PER_UNIT = {
    "nm": 1.0,
    "nanometer": 1.0,
    "nanometre": 1.0,
    "um": 1e3,
    "µm": 1e3,
    "μm": 1e3,
    "micron": 1e3,
    "micrometer": 1e3,
    "micrometre": 1e3,
    "mm": 1e6,
    "millimeter": 1e6,
    "millimetre": 1e6,
    "cm": 1e7,
    "centimeter": 1e7,
    "centimetre": 1e7,
    "m": 1e9,
    "meter": 1e9,
    "metre": 1e9,
    "a": 0.1,
    "å": 0.1,
    "angstrom": 0.1,
    "ångström": 0.1,
    "ångstrom": 0.1,
}
UNKNOWN_UNITS = ("", "unknown", "none", "index", "n/a", "unitless", "-")
# Wavelength in nm times the number in these units.
RECIPROCAL_UNITS = {
    "wavenumber": 1e7,
    "kayser": 1e7,
    "hz": 2.99792458e17,
    "mhz": 2.99792458e11,
    "ghz": 2.99792458e8,
    "thz": 2.99792458e5,
    **dict.fromkeys(("ev", "electronvolt", "electron volt"), 1239.841984),
}
# One by a length, such as 1/cm, cm^-1 or "inverse centimeters".
_BY_LENGTH = re.compile(
    r"(?:1 ?/|inverse|reciprocal|per) ?(\w+)|(\w+?)(?: ?\^?[{(]?[-\u2212]1[)}]?|\u207b\u00b9)"
)

_OF_QUANTITY = re.compile(r"(?:cent\w+ )?(?:wave ?lengths?|frequenc\w+|energ\w+) ?(?=[\[(])")
_BRACKETS = re.compile(r"\s*[\[(][^\W\d][^\])]*[\])]\s*")

# Bounds of what sensors see (nm), to judge numbers that come without a unit.
MICROMETRE_LIMIT = 100.0
SHORTEST, LONGEST = 100.0, 1e5
SENSOR_NM = (200.0, 20_000.0)
# Widths of bands that are a thousand times too large, in distances between them.
TOO_WIDE = (50.0, 10_000.0)


def nm_per_unit(unit: str) -> float | None:
    """Nanometres of one unit; None for a unit that is not a known length."""
    for name in _names(unit):
        factor = NM_PER_UNIT.get(name, NM_PER_UNIT.get(name.rstrip("s")))
        if factor is not None:
            return factor
    return None


def nm_times(unit: str) -> float | None:
    """Nanometres times the number in a unit of wavenumber, frequency or energy; None of others."""
    for name in _names(unit):
        if (product := RECIPROCAL_UNITS.get(name.rstrip("s"))) is not None:
            return product
        if (match := _BY_LENGTH.fullmatch(name)) is not None:
            return nm_per_unit(match[1] or match[2])
    return None


def _names(unit: str) -> Iterator[str]:
    """A unit in lower case: whole, without brackets, and what is in them."""
    word = unit.strip().casefold()
    yield word
    yield _BRACKETS.sub("", word) or word.strip("[]() ")
    if (quantity := _OF_QUANTITY.match(word)) is not None:  # not of a shift, or of anything else
        yield word[quantity.end() :].strip("[]() ")


def to_nm(values: NDArray[np.float64], unit: str | None) -> tuple[NDArray[np.float64], str | None]:
    """Wavelengths in nm and a sentence about what was guessed, if anything was.

    Without a unit that is known, they are nm if the one in the middle is over 100, else
    micrometres: an end of a list may be a filler, or reach into the far infrared. A unit in which
    no sensor could see any of them gives way to the one of these two in which it sees them all.

    Parameters
    ----------
    values : numbers as they are in the file.
    unit : the unit as it is in the file, or None.
    """
    factor = None if unit is None else nm_per_unit(unit)
    word = "" if unit is None else unit.strip()
    if factor is not None:
        return _in_possible_unit(values, factor, word)
    product = nm_times(word)
    if product is not None:
        with np.errstate(divide="ignore"):
            return np.where(values == 0, np.nan, product / values), None
    finite = values[np.isfinite(values)]
    micrometres = bool(finite.size) and abs(float(finite[finite.size // 2])) <= MICROMETRE_LIMIT
    taken = "micrometres" if micrometres else "nanometres"
    reason = (
        "The unit of the wavelengths is not given"
        if word.casefold() in UNKNOWN_UNITS
        else f'The unit of the wavelengths, "{word}", is not known'
    )
    return values * (1e3 if micrometres else 1.0), f"{reason}; {taken} are assumed."


def _in_possible_unit(
    values: NDArray[np.float64], factor: float, word: str
) -> tuple[NDArray[np.float64], str | None]:
    """Wavelengths in nm by the factor of their unit, or by another if that one cannot be."""
    nm = values if factor == 1 else values * factor
    given = values[np.isfinite(values) & (values > 0)]
    if not given.size:
        return nm, None
    low, high = float(given.min()), float(given.max())
    unseen = doubt(low * factor, high * factor, word)
    if unseen is None:
        return nm, None
    for other, one in (("nanometres", 1.0), ("micrometres", 1e3)):
        if SENSOR_NM[0] <= low * one and high * one <= SENSOR_NM[1]:
            impossible = f'The wavelengths cannot be {low:g} to {high:g} "{word}"'
            return values * one, f"{impossible}; {other} are assumed."
    return nm, unseen


def factor_between(
    raw: NDArray[np.float64] | None, nm: NDArray[np.float64] | None, otherwise: float
) -> float:
    """Nanometres of one unit of the numbers that became these wavelengths, by the first that did.

    Widths are in the unit of their wavelengths, also where that was not the one given.
    """
    if raw is None or nm is None or raw.shape != nm.shape:
        return otherwise
    usable = np.flatnonzero(np.isfinite(nm) & np.isfinite(raw) & (raw != 0))
    return float(nm[usable[0]] / raw[usable[0]]) if usable.size else otherwise


def widths_in_nm(
    widths: NDArray[np.float64], nm: NDArray[np.float64] | None
) -> tuple[NDArray[np.float64], str | None]:
    """Widths of bands (nm), and a sentence if they were a thousand times too large.

    Some programs write them in nanometres beside wavelengths in micrometres.
    """
    if nm is None or nm.size < 2 or not (np.isfinite(nm).all() and np.isfinite(widths).all()):
        return widths, None
    step = float(np.median(np.abs(np.diff(nm))))
    ratio = float(np.median(widths)) / step if step else 0.0
    if not TOO_WIDE[0] < ratio < TOO_WIDE[1]:
        return widths, None
    return widths / 1e3, (
        "The widths of the bands (fwhm) cannot be in the unit of the wavelengths; nanometres are "
        "assumed."
    )


def are_band_numbers(values: NDArray[np.float64], unit: str | None) -> bool:
    """Whether numbers without a unit only count the bands: 1, 2, 3, ... or 0, 1, 2, ..."""
    if (unit or "").casefold() not in UNKNOWN_UNITS or values.size < 2:
        return False
    return values[0] in (0, 1) and bool((np.diff(values) == 1).all())


def doubt(shortest: float, longest: float, unit: str | None) -> str | None:
    """A sentence about wavelengths (nm) that no imaging spectrometer has, else None."""
    seen = longest >= SHORTEST and shortest <= LONGEST
    if seen or nm_times(unit or "") is not None:
        return None
    return (
        f"Wavelengths of {shortest:g} to {longest:g} nm are outside the range that imaging "
        "spectrometers measure: their unit may be wrong."
    )


_FIRST = re.compile(r"^\s*([-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)")
_BEHIND_WORD = re.compile(
    r"(?<![^\W_])(?:wl|wvl|wave|wavelength|lambda)[ _=:-]{0,3}(\d+(?:\.\d+)?)", re.IGNORECASE
)
# Of numbers in names that are wavelengths (nm) and not counts of bands, pictures or seconds.
LEAST_BANDS, SHORTEST_NAMED, LEAST_SPAN = 5, 350.0, 100.0
_BEHIND_BAND = re.compile(
    r"^(?:bands?|b|x|r|refl\w*|im|img|image)[ _.:-]{0,3}([1-9]\d*(?:\.\d+)?)(?!.*\d)", re.IGNORECASE
)
_PLAIN = re.compile(r"[-+.\deE]*")
_IN_NAME = re.compile(
    r"(?<![\d.])(\d+(?:\.\d+)?)(?:\s*(?:-|\u2013|to)\s*(\d+(?:\.\d+)?))?\s*(nanometers?|nanometres?|nm|micrometers?|micrometres?|microns?|"
    r"um|µm|μm|angstroms?|(?-i:[AÅ])(?=\W*$))(?![^\W_])",
    re.IGNORECASE,
)


# The last number of a name, behind letters and a mark; also without a digit behind its point.
_AT_THE_END = re.compile(r"[^\W\d_]\w*?[ _-](\d+(?:\.\d*)?)$")
# Words before numbers that count.
COUNTED = re.compile(
    r"(?<![^\W_])(times?|t|frames?|lines?|rows?|scans?|samples?|ids?|no|nr|dates?|years?|days?|runs?|"
    r"files?|pics?|dsc|exp|exposures?|index)(?![^\W_\d])",
    re.IGNORECASE,
)
_QUANTITY = re.compile(
    r"(rrs|rho_?(s|t|w|rc|c)|n?lw|lt|toa|boa|reflectance|radiance|refl|rad)(?![^\W_\d])",
    re.IGNORECASE,
)
# Imaging spectrometers have at most this many detectors.
MOST_DETECTORS = 3
_IN_BRACKETS = re.compile(r"\((\d+(?:\.\d+)?)\)")


def _middle(marked: re.Match[str]) -> float:
    """Wavelength (nm) of a number with its unit, or of the middle between two, as "450-500 nm".

    The first number of "B1-450 nm" isn't the start of a range.
    """
    low, high = float(marked[1]), float(marked[2] or marked[1])
    centre = (low + high) / 2 if low <= high <= 2 * low else high
    return centre * (nm_per_unit(marked[3]) or 1.0)


def with_units(texts: list[str]) -> NDArray[np.float64] | None:
    """Wavelengths (nm) of numbers of which each has its unit, as "450 nm"; None of others."""
    if not texts or _PLAIN.fullmatch(texts[0]):
        return None
    marked = [_IN_NAME.fullmatch(text) for text in texts]
    if not all(marked):
        return None
    return np.array([_middle(m) for m in marked if m])


def from_band_names(names: tuple[str, ...]) -> NDArray[np.float64] | None:
    """Wavelengths (nm) that are in band names, or None.

    A number with a unit counts wherever it is; numbers without a unit count when every
    name begins with one, has one in brackets or behind "wl", "band" or the like, they ascend and
    they lie in the range of a sensor: as nm, or with fractions as micrometres.
    """
    if not names:
        return None
    marked = [_IN_NAME.search(name) for name in names]
    if all(marked):
        return np.array([_middle(m) for m in marked if m])
    for pattern in (_FIRST, _IN_BRACKETS, _BEHIND_WORD, _BEHIND_BAND):
        if pattern.search(names[0]) is None:
            continue
        numbers = [pattern.search(name) for name in names]
        if all(numbers):
            values = np.array([float(m[1]) for m in numbers if m])
            if pattern is _BEHIND_BAND and not is_spread(values):
                continue
            if (factor := plausible(values)) is not None:
                return values * factor
    return _behind_a_quantity(names)


def _behind_a_quantity(names: tuple[str, ...]) -> NDArray[np.float64] | None:
    """Wavelengths (nm) that end the names of bands, as in Rrs_503 or b1_v_503.0, or None.

    Detectors whose ranges overlap may follow each other, so a few steps may lead back.
    """
    found = [_AT_THE_END.search(name) for name in names]
    if not all(found) or any(COUNTED.search(name) for name in names):
        return None
    texts = [m[1] for m in found if m]
    values = np.array(texts, np.float64)
    back = int(np.count_nonzero(np.diff(values) <= 0))
    if any(text[0] == "0" and text[1:2] != "." for text in texts) or back > MOST_DETECTORS - 1:
        return None
    ascending = np.sort(values)
    factor = plausible(ascending)
    quantities = all(_QUANTITY.match(name) for name in names)
    if factor is None or not (quantities or is_spread(ascending * factor)):
        return None
    return values * factor


def is_spread(values: NDArray[np.float64]) -> bool:
    """Whether numbers in names lie as far apart as wavelengths do, and not as those that count."""
    return bool(
        values.size >= LEAST_BANDS
        and values[0] >= SHORTEST_NAMED
        and np.ptp(values) >= LEAST_SPAN
        and np.median(np.diff(values)) > 1
    )


def plausible(values: NDArray[np.float64]) -> float | None:
    """Nanometres of one unit of ascending numbers in a sensor's range, else None."""
    fractions = bool((values % 1 != 0).any())
    years = values.size > 0 and values.min() >= 1900 and values.max() <= 2100 and not fractions
    if values.size < 2 or years or not (np.diff(values) > 0).all():
        return None
    low, high = SENSOR_NM
    if values[0] >= low and values[-1] <= high:
        return 1.0
    return 1e3 if values[0] >= low / 1e3 and values[-1] <= high / 1e3 and fractions else None
