"""Requests to a reader: the contract of every format."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from msgspec import Struct

from hsi_viewer.core.errors import FormatError
from hsi_viewer.core.progress import CancelToken


class ArrayChoice(Struct, frozen=True):
    """An array that could be the cube.

    Attributes
    ----------
    name : as it is written after the colon of "file:name".
    shape : as the format's own programs show it.
    dtype : NumPy's name, or the format's own.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str

    @property
    def size(self) -> int:
        """Number of values."""
        return math.prod(self.shape)

    def __str__(self) -> str:
        return f"{self.name} ({' x '.join(map(str, self.shape)) or 'scalar'} {self.dtype})"


class ChoiceNeededError(FormatError):
    """A file holds several arrays that could be what is wanted.

    Attributes
    ----------
    choices : the arrays, the likeliest first.
    reason : why none of them is taken without a question, where it isn't their number; or "".
    """

    def __init__(self, message: str, choices: tuple[ArrayChoice, ...], reason: str = "") -> None:
        super().__init__(message)
        self.choices, self.reason = choices, reason


class FolderError(FormatError):
    """A folder is not one cube; what it holds may be opened by itself."""


@dataclass(frozen=True)
class Reading:
    """How to read the cube of a container; what is None is guessed.

    Attributes
    ----------
    name : of the array.
    axes : axes of rows, columns, bands in the array.
    ask : whether the user is to choose the array, even if there is only one.
    token : asked while a file is examined.
    """

    name: str | None = None
    axes: tuple[int, int, int] | None = None
    ask: bool = False
    token: CancelToken | None = field(default=None, compare=False)
