"""Choice: a button of a message or a question, and what it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Choice:
    """One button.

    Attributes
    ----------
    text : on the button.
    run : what it does; the message goes away first.
    primary : whether it is the likely one.
    escape : whether Escape means it: it changes nothing.
    about : a sentence on what it means, below the button.
    picture : (rows, columns, 3) bytes, what it comes to, above the button; or None.
    """

    text: str
    run: Callable[[], object]
    primary: bool = False
    escape: bool = False
    about: str = ""
    picture: NDArray[np.uint8] | None = field(default=None, compare=False, repr=False)
