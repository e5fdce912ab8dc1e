"""Texts that people type and that files hold, made fit to be listed, drawn, written and shown."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence

# What turns the direction of a text around, and with it the sense of what is beside it.
_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_UNWRITTEN = re.compile(rf"[\s\x00-\x1f\x7f-\x9f{_BIDI}\ud800-\udfff\ufffe\uffff]+")
_ESCAPED = re.compile(rf"[\x00-\x1f\x7f-\x9f{_BIDI}\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")  # hyphens and spaces of no width
_BREAKS = re.compile(r"\s*[\r\n\v\f\t\u2028\u2029]+\s*")
_UNIT = re.compile(r"(?<=\d) (?=%|(?:nm|µm|px|rad|ms|s|min|h|m|km|MB|GB|MiB|GiB)\b)")
_LONG_WORD, _LONG_PART = re.compile(r"\S{25,}"), re.compile("[^\u200b]{25,}")
_JOINT = re.compile(r"(?<=[^\W_])([/\\_.,:;=+&|-]+)(?=[^\W_])")
_BETWEEN = re.compile(r"(?<=\w)(?=\w)")  # not before a mark that belongs to a letter
_QUOTED = re.compile(r'"[^"]*"')

BREAK = "\N{ZERO WIDTH SPACE}"
MOST_OF_NAME = 32  # characters of a class, where several stand in a line
MOST_QUOTED, MOST_MESSAGE, MOST_MESSAGES = 300, 2000, 50
# Longer texts are not looked through: what is in their middle is left out in any case.
_MOST_LOOKED_AT = 10 * MOST_MESSAGE


def one_line(text: str) -> str:
    """A text as a name: no line breaks, control characters or halves of characters."""
    return _UNWRITTEN.sub(" ", text).strip()


def class_name(text: str) -> str:
    """The name of a class: in one line and in one Unicode form, so that what looks alike is."""
    return unicodedata.normalize("NFC", one_line(_INVISIBLE.sub("", text)))


def windows_text(raw: bytes) -> str:
    """Text in the alphabet of Western Windows: Latin-1, with dashes and quotation marks."""
    try:
        return raw.decode("cp1252")
    except UnicodeDecodeError:  # five of its numbers stand for nothing
        return raw.decode("latin-1")


def escaped(text: str) -> str:
    """A text whose control characters, turns of direction and half characters are spelled out."""
    return _ESCAPED.sub(_spelled, text)


def _spelled(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape", "surrogatepass").decode("ascii")


def shortened(text: str, most: int) -> str:
    """A text without its middle, where it is longer than a number of characters."""
    if len(text) <= most:
        return text
    mark = f" ... ({len(text) - most} characters left out) ... "
    kept = most - len(mark)
    tail = kept // 3
    return f"{text[: kept - tail]}{mark}{text[len(text) - tail :]}"


def short_name(text: str, most: int = 60) -> str:
    """A name as one line of limited length, cut in its middle, for lists and reprs."""
    looked_at = text if len(text) <= 10 * most else text[: 5 * most] + text[-5 * most :]
    line = escaped(one_line(looked_at))
    tail = (most - 3) // 2
    return line if len(line) <= most else f"{line[: most - 3 - tail]}...{line[-tail:]}"


def message(text: str) -> str:
    """A sentence that may quote what a file holds, fit to be shown on any screen.

    One line of a bounded length; what is in double quotes is bounded, too, so that the rest
    of the sentence stays. The same again for what comes out of it.
    """
    text = shortened(text, _MOST_LOOKED_AT) if len(text) > _MOST_LOOKED_AT else text
    text = _QUOTED.sub(lambda m: f'"{shortened(escaped(m[0][1:-1]), MOST_QUOTED)}"', text)
    return shortened(escaped(_BREAKS.sub(" ", text)), MOST_MESSAGE)


def messages(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Sentences as `message` makes them, not too many."""
    shown = tuple(message(text) for text in texts[:MOST_MESSAGES])
    left = len(texts) - len(shown)
    return (*shown, f"{left} more remarks are not shown.") if left else shown


def percent(share: float, digits: int = 0) -> str:
    """A share in a sentence, such as "99.1 %" with one digit, or "undefined"."""
    return "undefined" if math.isnan(share) else f"{100 * share:.{digits}f} %"


def with_units_kept(text: str) -> str:
    """A text that isn't broken between a number and its unit, wherever it is wrapped."""
    return _UNIT.sub("\N{NO-BREAK SPACE}", text)


def with_breaks(text: str) -> str:
    """A text whose long words, such as paths, can be broken, by spaces of no width in them.

    A word is broken after what joins its parts, and a long part anywhere.
    """
    return _LONG_WORD.sub(_with_breaks, text)


def _with_breaks(word: re.Match[str]) -> str:
    joints = _JOINT.sub(rf"\1{BREAK}", word[0])
    return _LONG_PART.sub(lambda part: _BETWEEN.sub(BREAK, part[0]), joints)


def without_breaks(text: str) -> str:
    """What `with_units_kept` and `with_breaks` were given."""
    return text.replace(BREAK, "").replace("\N{NO-BREAK SPACE}", " ")


def counted(number: int, word: str, one: str = "", more: str = "") -> str:
    """A number of things, such as "1 stroke" or "2 strokes", and the verb that goes with it.

    Parameters
    ----------
    one, more : the verb for one thing and for several, such as "is" and "are".
    """
    things, verb = (word, one) if number == 1 else (f"{word}s", more)
    return f"{number:,} {things} {verb}".rstrip()


def listed(names: Sequence[str]) -> str:
    """Names in a sentence: "a", "a and b" or "a, b and c"."""
    return " and ".join((", ".join(names[:-1]), names[-1]) if names[1:] else names)


def ranges(bands: Iterable[int]) -> str:
    """Bands, counted from 0, as people write them: "1-3, 7"."""
    runs: list[list[int]] = []
    for band in bands:
        if runs and band == runs[-1][1] + 1:
            runs[-1][1] = band
        else:
            runs.append([band, band])
    return ", ".join(f"{a + 1}-{b + 1}" if b > a else f"{a + 1}" for a, b in runs)
