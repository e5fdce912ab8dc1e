"""What takes long ends soon after it was cancelled, in each of its steps."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.derived.moments import scene_moments
from hsi_viewer.core.postprocess.clean import Cleaning, cleaned
from hsi_viewer.core.postprocess.majority import majority
from hsi_viewer.core.postprocess.sieve import sieved
from hsi_viewer.core.progress import CallbackPort, CancelToken, SilentPort, TaskCancelledError

IDS = np.array([[2, 2, 5], [2, 5, 5], [5, 5, 2]], np.uint16)
CUBE = HyperCube.from_array(np.arange(27.0).reshape(3, 3, 3))


@pytest.mark.parametrize(
    "work",
    [
        partial(majority, IDS, 3),
        partial(sieved, IDS, 2.0),
        partial(cleaned, IDS, Cleaning(open=(2,))),
        lambda token: scene_moments(CUBE, token, SilentPort(), ""),
    ],
)
def test_what_was_cancelled_before_ends_at_once(work):
    token = CancelToken()
    assert work(token=token) is not None
    token.cancel()
    with pytest.raises(TaskCancelledError):
        work(token=token)


@pytest.mark.parametrize("steps", [Cleaning(open=(2,)), Cleaning(merge={2: 5}, open=(5,))])
def test_a_map_that_was_cancelled_meanwhile_is_not_cleaned(steps):
    """Nor is a second step begun."""
    token, received = CancelToken(), []

    def cancel(item: object) -> None:
        received.append(item)
        token.cancel()

    with pytest.raises(TaskCancelledError):
        cleaned(IDS, steps, token=token, port=CallbackPort(cancel))
    assert len(received) == 1
