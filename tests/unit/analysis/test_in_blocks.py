"""Scenes that are read in several blocks give what they give in one, and are left in between."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from hsi_viewer.analysis.anomalies import anomaly_image
from hsi_viewer.analysis.labelled_spectra import labelled_spectra
from hsi_viewer.analysis.region_spectra import region_statistics
from hsi_viewer.analysis.scatter import Channel, ScatterAxes, pixels_inside, scatter, values_at
from hsi_viewer.analysis.spectral_angle import angle_map
from hsi_viewer.core.cube.blocks import blocks
from hsi_viewer.core.cube.cube import ArraySource, HyperCube
from hsi_viewer.core.progress import CancelToken, SilentPort, TaskCancelledError

ROWS, COLUMNS, BANDS = 9, 7, 4
VALUES = np.random.default_rng(1).uniform(1, 9, (ROWS, COLUMNS, BANDS))
GROUPS = np.zeros((ROWS, COLUMNS), np.uint16)
GROUPS[1, 2], GROUPS[6, 4:6], GROUPS[8, 1] = 3, 3, 5  # rows between them are empty
X, Y = Channel("band", 0), Channel("band", 2)
CORNERS = np.array([[3.0, 2.0], [8.0, 3.0], [5.0, 8.0]])


def axes(cube: HyperCube) -> ScatterAxes:
    return ScatterAxes(cube, X, Y)


def statistics(cube: HyperCube, held: int) -> list[np.ndarray]:
    found = region_statistics(cube, GROUPS, held=held)
    return [np.stack([s.mean, s.std, *s.percentiles]) for _, s in sorted(found.items())]


@pytest.mark.parametrize("pixels", [3, 2 * COLUMNS])
@pytest.mark.parametrize(
    "work",
    [
        partial(statistics, held=1 << 20),
        partial(statistics, held=0),
        lambda cube: [angle_map(cube, cube.spectrum(3, 4), "a").angles],
        lambda cube: [scatter(cube, X, Y).density.counts],
        lambda cube: [pixels_inside(axes(cube), CORNERS)],
        lambda cube: list(values_at(axes(cube), np.flatnonzero(GROUPS))),
    ],
)
def test_answers_do_not_depend_on_blocks(work, pixels, monkeypatch):
    cube = HyperCube.from_array(VALUES)
    whole = work(cube)
    monkeypatch.setattr(blocks, "__defaults__", (None, None, pixels * BANDS * VALUES.itemsize))
    for found, expected in zip(work(cube), whole, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-12)


class CancellingSource(ArraySource):
    """Cancels a token when it is read for the second time."""

    def __init__(self, token: CancelToken) -> None:
        super().__init__(VALUES)
        self.token, self.reads = token, 0

    def read(self, rows, columns, bands):
        self.reads += 1
        if self.reads == 2:
            self.token.cancel()
        return super().read(rows, columns, bands)


@pytest.mark.parametrize(
    "work",
    [
        lambda cube, token: angle_map(cube, VALUES[3, 4], "a", token),
        lambda cube, token: scatter(cube, X, Y, token=token),
        lambda cube, token: pixels_inside(axes(cube), CORNERS, token),
        lambda cube, token: region_statistics(cube, GROUPS + np.uint16(1), token),
        lambda cube, token: labelled_spectra(cube, GROUPS, token=token),
        lambda cube, token: anomaly_image(cube, token, SilentPort()),
    ],
)
def test_what_is_cancelled_while_a_block_is_read_ends_with_it(
    work: Callable[[HyperCube, CancelToken], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "__defaults__", (None, None, 1))
    monkeypatch.setattr("hsi_viewer.core.derived.moments.STRIP_BYTES", 1)
    source = CancellingSource(token := CancelToken())
    with pytest.raises(TaskCancelledError):
        work(HyperCube(source), token)
    assert source.reads <= 3  # a window of two channels is read in two parts
