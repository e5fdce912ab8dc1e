"""What is being done, and how much of it is done, from 0 to 1."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.analysis.anomalies import anomaly_image
from hsi_viewer.analysis.labelled_spectra import labelled_spectra
from hsi_viewer.analysis.region_spectra import region_statistics
from hsi_viewer.analysis.scatter import Channel, pixels_inside, scatter
from hsi_viewer.analysis.spectral_angle import angle_map
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.progress import CancelToken
from tests.unit.learning.made import Recorder

CUBE = HyperCube.from_array(np.random.default_rng(0).uniform(1, 2, (8, 5, 4)))
EVERYWHERE = np.ones((8, 5), np.uint16)


@pytest.fixture
def port() -> Recorder:
    return Recorder()


def told(port: Recorder) -> dict[str, list[float | None]]:
    found: dict[str, list[float | None]] = {}
    for item in port.items:
        found.setdefault(item.message, []).append(item.fraction)
    return found


def test_an_angle_map(port):
    angle_map(CUBE, CUBE.spectrum(0, 0), "quartz", port=port)
    (message,) = told(port)
    assert message == "Spectral angle to quartz"
    fractions = told(port)[message]
    assert fractions == sorted(set(fractions))
    assert fractions[-1] == 1


def test_a_density_and_the_pixels_of_a_polygon(port):
    axes = scatter(CUBE, Channel("band", 1), Channel("band", 3), port=port).axes
    corners = np.array([[0.0, 0.0], [0.0, 9.0], [9.0, 9.0], [9.0, 0.0]])
    assert pixels_inside(axes, corners, port=port).all()
    found = told(port)
    assert list(found) == ["Counting pixels for the scatter plot", "Selecting pixels"]
    for fractions in found.values():
        assert fractions[-1] == 1
        assert 0 < fractions[0] <= 1


@pytest.mark.parametrize("exact", [True, False])
def test_statistics_of_regions(port, exact):
    half = np.where(np.arange(8)[:, None] < 4, EVERYWHERE, 0)
    region_statistics(CUBE, half, port=port, held=1 << 20 if exact else 1)
    found = told(port)
    assert found.pop("Averaging spectra")[-1] == (1.0 if exact else 0.5)
    if not exact:
        fractions = found.pop("Counting values for the percentiles")
        assert 0.5 < fractions[0] <= fractions[-1] == 1
    assert found == {}


def test_spectra_of_labels(port):
    labelled_spectra(CUBE, EVERYWHERE, port=port)
    assert told(port)["Reading labelled spectra"][0] == 0


def test_anomalies(port):
    anomaly_image(CUBE, CancelToken(), port)
    reading, computing = told(port).values()
    assert [message.partition(": ")[2] for message in told(port)] == [
        "reading the spectra", "computing the image",
    ]  # fmt: skip
    assert (reading[0], computing[0]) == (0, 0)
