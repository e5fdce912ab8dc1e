"""Texts that people type, as they can be listed, drawn and written."""

from __future__ import annotations

import re

_UNWRITTEN = re.compile(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]+")


def one_line(text: str) -> str:
    """A text as a name: no line breaks, control characters or halves of characters."""
    return _UNWRITTEN.sub(" ", text).strip()
