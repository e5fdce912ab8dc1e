"""Pixels and boxes of pixels."""

from __future__ import annotations

Box = tuple[int, int, int, int]  # top, left, bottom, right; half open


Pixel = tuple[int, int]
