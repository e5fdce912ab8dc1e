"""Letters in charts and on pages: fonts for more than Latin, a square for what none of them has."""

from __future__ import annotations

from functools import cache
from typing import Any

from matplotlib import rcParams
from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font

# The first comes with matplotlib; of the others, those that a system has.
FAMILIES = (
    "DejaVu Sans",
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Microsoft YaHei",
    "Yu Gothic",
    "Malgun Gothic",
    "PingFang SC",
    "Hiragino Sans",
    "Apple SD Gothic Neo",
    "WenQuanYi Micro Hei",
    "Arial Unicode MS",
    "Noto Sans",
)
MISSING = "\N{WHITE SQUARE}"


def use_fonts() -> None:
    """Let charts take letters from all of these fonts."""
    rcParams["font.family"] = list(_families())


def drawable(text: str) -> str:
    """A text with a square in the place of each letter that no font has."""
    return "".join(c if c.isascii() or _has(c) else MISSING for c in text)


@cache
def _families() -> tuple[str, ...]:
    known = set(fontManager.get_font_names())
    return tuple(name for name in FAMILIES if name in known)


@cache
def _fonts() -> tuple[Any, ...]:
    return tuple(get_font(findfont(FontProperties(family=name))) for name in _families())


@cache
def _has(letter: str) -> bool:
    return any(font.get_char_index(ord(letter)) for font in _fonts())
