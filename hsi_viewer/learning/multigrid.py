"""Linear systems on the image graph too large to factorise: conjugate gradients with multigrid.

The matrix is a graph Laplacian of the 4-neighbour grid plus a positive diagonal. Coarser grids join
2 x 2 pixels (aggregation multigrid; Notay, ETNA 37, 2010); edges that cross are summed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.progress import CancelToken
from hsi_viewer.learning.features import FloatArray

DAMPING = 0.8
COARSEST = 16  # pixels a side at which smoothing alone solves the system
SWEEPS_COARSEST = 30
TOLERANCE = 1e-6
MOST_ITERATIONS = 200


@dataclass(frozen=True)
class Grid:
    """The system on one grid.

    Attributes
    ----------
    down : (rows - 1, columns) weights of vertical edges.
    right : (rows, columns - 1) weights of horizontal edges.
    mass : (rows, columns) positive diagonal beside the Laplacian.
    diagonal : (rows, columns) of the whole matrix.
    """

    down: FloatArray
    right: FloatArray
    mass: FloatArray
    diagonal: FloatArray

    def apply(self, x: FloatArray) -> FloatArray:
        """The matrix times (k, rows, columns)."""
        out: FloatArray = self.diagonal * x
        out[:, 1:] -= self.down * x[:, :-1]
        out[:, :-1] -= self.down * x[:, 1:]
        out[:, :, 1:] -= self.right * x[:, :, :-1]
        out[:, :, :-1] -= self.right * x[:, :, 1:]
        return out


def grid_of(down: FloatArray, right: FloatArray, mass: FloatArray) -> Grid:
    """The system of edge weights and a diagonal."""
    diagonal = mass.copy()
    diagonal[1:] += down
    diagonal[:-1] += down
    diagonal[:, 1:] += right
    diagonal[:, :-1] += right
    return Grid(down, right, mass, diagonal)


def _sums(values: FloatArray) -> FloatArray:
    """Sums over 2 x 2 pixels of (..., rows, columns); the last may be 1 wide."""
    rows = np.add.reduceat(values, np.arange(0, values.shape[-2], 2), axis=-2)
    both: FloatArray = np.add.reduceat(rows, np.arange(0, values.shape[-1], 2), axis=-1)
    return both


def _spread(values: FloatArray, rows: int, columns: int) -> FloatArray:
    """Each coarse value for its 2 x 2 pixels."""
    return values.repeat(2, axis=-2)[..., :rows, :].repeat(2, axis=-1)[..., :columns]


def coarser(grid: Grid) -> Grid:
    """The system on a grid of half the size."""
    down, right = grid.down[1::2], grid.right[:, 1::2]
    rows, columns = (-(-n // 2) for n in grid.mass.shape)
    down = np.add.reduceat(down, np.arange(0, down.shape[1], 2), axis=1) if rows > 1 else down
    right = np.add.reduceat(right, np.arange(0, right.shape[0], 2), axis=0)
    down = down.reshape(rows - 1, columns) if rows > 1 else np.zeros((0, columns), np.float32)
    return grid_of(down, right, _sums(grid.mass))


def hierarchy(finest: Grid) -> list[Grid]:
    """Grids from the finest to one of at most `COARSEST` pixels a side."""
    grids = [finest]
    while max(grids[-1].mass.shape) > COARSEST:
        grids.append(coarser(grids[-1]))
    return grids


def cycle(grids: list[Grid], right_side: FloatArray, level: int = 0) -> FloatArray:
    """One symmetric V-cycle from zero: an approximate solution, (k, rows, columns)."""
    grid = grids[level]
    scale = DAMPING / grid.diagonal
    x: FloatArray = scale * right_side
    if level + 1 == len(grids):
        for _ in range(SWEEPS_COARSEST):
            x += scale * (right_side - grid.apply(x))
        return x
    rows, columns = grid.mass.shape
    left = right_side - grid.apply(x)
    x += _spread(cycle(grids, _sums(left), level + 1), rows, columns)
    x += scale * (right_side - grid.apply(x))
    return x


def solve(
    grids: list[Grid], right_side: FloatArray, start: FloatArray, token: CancelToken | None = None
) -> FloatArray:
    """Solve the finest system for several right sides at once.

    Preconditioned conjugate gradients (Hestenes and Stiefel 1952), to a residual of `TOLERANCE`
    of the right side.

    Parameters
    ----------
    right_side, start : (k, rows, columns), start is a guess.
    """
    finest = grids[0]
    x = start.copy()
    residual = right_side - finest.apply(x)
    goal = TOLERANCE * np.maximum(_norms(right_side), 1e-20)
    better = cycle(grids, residual)
    direction = better.copy()
    agreement = _dots(residual, better)
    for _ in range(MOST_ITERATIONS):
        if token is not None:
            token.check()
        if (_norms(residual) <= goal).all():
            break
        image = finest.apply(direction)
        step = _ratio(agreement, _dots(direction, image))
        x += step * direction
        residual -= step * image
        better = cycle(grids, residual)
        before, agreement = agreement, _dots(residual, better)
        direction *= _ratio(agreement, before)
        direction += better
    return x


def _dots(a: FloatArray, b: FloatArray) -> NDArray[np.float64]:
    return np.array([np.vdot(u, v) for u, v in zip(a, b, strict=True)], np.float64)


def _norms(a: FloatArray) -> NDArray[np.float64]:
    return np.sqrt(_dots(a, a))


def _ratio(a: NDArray[np.float64], b: NDArray[np.float64]) -> FloatArray:
    quotient = np.divide(a, b, out=np.zeros_like(a), where=b > 0)
    return quotient.astype(np.float32)[:, None, None]
