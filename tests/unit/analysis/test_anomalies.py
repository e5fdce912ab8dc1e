"""The RX detector: against its definition, and where spectra or bands are missing."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.analysis import anomalies
from hsi_viewer.analysis.anomalies import anomaly_image
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import DerivedError
from hsi_viewer.core.progress import CancelToken, SilentPort, TaskCancelledError

RNG = np.random.default_rng(3)
SCENE = RNG.normal(size=(21, 17, 6)) @ RNG.normal(size=(6, 6)) * 30 + 1000
SCENE[4, 11] += [90, -90, 90, -90, 90, -90]


def scores(cube: HyperCube) -> np.ndarray:
    return anomaly_image(cube, CancelToken(), SilentPort()).read()[:, :, 0]


@pytest.mark.parametrize("chunk", [1 << 22, 200])
def test_scores_are_squared_mahalanobis_distances(monkeypatch, chunk):
    monkeypatch.setattr(anomalies, "CHUNK_VALUES", chunk)
    spectra = SCENE.reshape(-1, 6)
    apart = spectra - spectra.mean(axis=0)
    inverse = np.linalg.inv(np.cov(spectra.T, bias=True))
    expected = np.einsum("nb,bc,nc->n", apart, inverse, apart).reshape(21, 17)
    found = scores(HyperCube.from_array(SCENE))
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    assert np.unravel_index(found.argmax(), found.shape) == (4, 11)


def test_a_band_that_is_the_sum_of_others_changes_nothing_much():
    doubled = np.concatenate([SCENE, SCENE[:, :, :1] + SCENE[:, :, 1:2]], axis=2)
    found, plain = scores(HyperCube.from_array(doubled)), scores(HyperCube.from_array(SCENE))
    np.testing.assert_allclose(found, plain, rtol=0.05, atol=0.05)


def test_pixels_without_data_have_no_score_and_do_not_count():
    holed = SCENE.copy()
    holed[:3] = -9999
    found = scores(HyperCube.from_array(holed, nodata=-9999))
    assert np.isnan(found[:3]).all()
    np.testing.assert_allclose(found[3:], scores(HyperCube.from_array(SCENE[3:])), rtol=1e-4)


def test_the_same_spectrum_everywhere_is_no_anomaly():
    assert not scores(HyperCube.from_array(np.full((4, 5, 6), 7.0))).any()


def test_one_band_is_refused_and_cancel_is_heeded():
    with pytest.raises(DerivedError, match="one band"):
        scores(HyperCube.from_array(SCENE[:, :, :1]))
    token = CancelToken()
    token.cancel()
    with pytest.raises(TaskCancelledError):
        anomaly_image(HyperCube.from_array(SCENE), token, SilentPort())
