"""Cleaning of a class map: merge classes, open, close, majority filter, minimum mapping unit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.postprocess.majority import majority
from hsi_viewer.core.postprocess.morphology import closed, opened
from hsi_viewer.core.postprocess.sieve import sieved
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort, SilentPort

DOING = "Cleaning the map"
Step = Callable[[NDArray[np.uint16]], NDArray[np.uint16]]


@dataclass(frozen=True)
class Cleaning:
    """Steps of cleaning, in the order in which they are done; by default none.

    Attributes
    ----------
    merge : class that another one becomes, by the id of the other.
    open, close : ids of classes.
    majority : side of the window in pixels, odd; 1 leaves the map as it is.
    minimum : smallest region that stays, in pixels; 0 keeps all.
    square_metres : the same as an area, which then counts instead.
    corners : whether pixels that touch only at a corner are connected.
    """

    merge: Mapping[int, int] = field(default_factory=dict)
    open: tuple[int, ...] = ()
    close: tuple[int, ...] = ()
    majority: int = 1
    minimum: float = 0.0
    square_metres: float | None = None
    corners: bool = False

    @property
    def class_ids(self) -> set[int]:
        """All classes that it names."""
        return {*self.merge, *self.merge.values(), *self.open, *self.close}


def cleaned(
    ids: NDArray[np.uint16],
    cleaning: Cleaning,
    pixel_area: NDArray[np.float64] | None = None,
    token: CancelToken | None = None,
    port: ProgressPort | None = None,
) -> NDArray[np.uint16]:
    """A cleaned class map; pixels of id 0 stay, and no other pixel becomes 0.

    Parameters
    ----------
    ids : (rows, columns) class ids; 0 is no data.
    cleaning : what to do.
    pixel_area : (rows,) square metres of a pixel of each row; needed for a minimum area only.
    token, port : cancel, and progress step by step.

    Raises
    ------
    ValueError
        if a minimum area is wanted and the area of a pixel is not known, a class would merge with
        0, or the window of the majority filter is even.
    TaskCancelledError
        if the token was cancelled.
    """
    if cleaning.square_metres is not None and pixel_area is None:
        raise ValueError("The area of a pixel is not known")
    token, port = token or CancelToken(), port or SilentPort()
    steps = _steps(cleaning, pixel_area, token)
    result = ids.copy()
    for done, step in enumerate(steps):
        token.check()
        port.report(Progress(DOING, done / len(steps)))
        result = step(result)
    token.check()
    return result


def _steps(
    cleaning: Cleaning, pixel_area: NDArray[np.float64] | None, token: CancelToken
) -> list[Step]:
    """The steps that are wanted, in their order."""
    corners, steps = cleaning.corners, list[Step]()
    if cleaning.merge:
        steps.append(partial(_merged, merge=cleaning.merge))
    steps += [partial(opened, class_id=i, corners=corners) for i in cleaning.open]
    steps += [partial(closed, class_id=i, corners=corners) for i in cleaning.close]
    if cleaning.majority != 1:
        steps.append(partial(majority, window=cleaning.majority, token=token))
    sieve = partial(sieved, corners=corners, token=token)
    if cleaning.square_metres is not None:
        steps.append(partial(sieve, minimum=cleaning.square_metres, pixel_size=pixel_area))
    elif cleaning.minimum > 1:
        steps.append(partial(sieve, minimum=cleaning.minimum))
    return steps


def _merged(ids: NDArray[np.uint16], merge: Mapping[int, int]) -> NDArray[np.uint16]:
    if not all(0 < i < 1 << 16 for pair in merge.items() for i in pair):
        raise ValueError("Only classes can be merged; 0 is no data")
    table = np.arange(1 << 16, dtype=np.uint16)
    for old, new in merge.items():
        table[old] = new
    return table[ids]
