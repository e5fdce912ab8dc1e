"""How many digits the numbers of a record are written with."""

from __future__ import annotations

from decimal import Decimal
from typing import Any


def decimals(value: Any) -> int:
    """Digits behind the point of a number, or the most of all numbers within a record."""
    if isinstance(value, dict):
        return max(map(decimals, value.values()), default=0)
    if isinstance(value, list | tuple):
        return max(map(decimals, value), default=0)
    if not isinstance(value, float):
        return 0
    return len(f"{Decimal(repr(value)):f}".removesuffix(".0").partition(".")[2])
