"""Values of options: numbers, ranges and lists, with errors that quote what was typed."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable, Mapping

from hsi_viewer.cli.parser import did_you_mean

# A row, a band or a seed never has more digits.
MAX_DIGITS = 10
MAX_BANDS = 1 << 20
MAX_COUNT = 1000


def seed(text: str) -> int:
    """A whole number of 32 bits."""
    if not (is_number(text) and int(text) < 2**32):
        raise ArgumentTypeError(f"a seed is a whole number in 0..{2**32 - 1}, not {_short(text)}")
    return int(text)


def count(text: str) -> int:
    """A whole number, 1 at least."""
    if not (is_number(text) and 1 <= int(text) <= MAX_COUNT):
        raise ArgumentTypeError(f"a count is a whole number in 1..{MAX_COUNT}, not {_short(text)}")
    return int(text)


def row_range(text: str) -> tuple[int, int]:
    """A half-open range of rows, columns or bands."""
    start, colon, stop = text.partition(":")
    if not (colon and is_number(start) and is_number(stop)):
        raise ArgumentTypeError(f"a range is written A:B, from A up to B, not {_short(text)}")
    return int(start), int(stop)


def bands(text: str) -> tuple[int, ...]:
    """Numbers of bands and ranges of them."""
    found: list[int] = []
    for part in text.split(","):
        first, stop = (int(part), int(part) + 1) if is_number(part) else row_range(part)
        if len(found) + stop - first > MAX_BANDS:
            raise ArgumentTypeError(f"at most {MAX_BANDS} bands, not {_short(text)}")
        found += range(first, stop)
    return tuple(found)


def wavelengths(text: str) -> tuple[float, ...]:
    """Wavelengths in nm."""
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise ArgumentTypeError(f"wavelengths are numbers in nm, not {_short(text)}") from error


def names_of(known: Mapping[str, str]) -> Callable[[str], tuple[str, ...]]:
    """A reader of lists of names; what they stand for is returned, each once."""

    def read(text: str) -> tuple[str, ...]:
        found = []
        for name in (part.strip().lower() for part in text.split(",")):
            if name not in known:
                raise ArgumentTypeError(
                    f'there is no format "{name[:40]}"{did_you_mean(name, known)} '
                    f"Choose from {', '.join(known)}"
                )
            found.append(known[name])
        return tuple(dict.fromkeys(found))

    return read


def is_number(text: str) -> bool:
    """Whether a text is a whole number of at most `MAX_DIGITS` digits, without a sign."""
    return text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS


def _short(text: str) -> str:
    return (text if len(text) <= 40 else f"{text[:40]}...") or "nothing"
