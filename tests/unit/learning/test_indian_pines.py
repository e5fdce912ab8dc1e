"""The engine on the real scene: far beyond chance from ten labels a class.

That it is the same twice is shown by the command line, which trains on this scene, too.
"""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.scenes import indian_pines
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.learning.calibration import expected_calibration_error
from hsi_viewer.learning.trainer import fit
from tests.unit.learning.made import Recorder

pytestmark = [pytest.mark.real_data, pytest.mark.slow]


def test_ten_labels_a_class_map_the_scene(bench_dir) -> None:
    cube, truth = indian_pines()
    with np.load(bench_dir / "splits" / "indian_pines-random-10.npz") as lists:
        training, scored = lists["train_0"].astype(np.uint16), lists["test_0"]
    recorder = Recorder()
    model = fit(cube, training, port=recorder)
    prediction = model.predict(cube, labels=training)
    assert (prediction.class_map == truth)[scored].mean() > 0.89
    plain = model.predict(cube, refine=False)
    error, error_before = (
        expected_calibration_error(p.confidence[scored], (p.class_map == truth)[scored])
        for p in (prediction, plain)
    )
    assert error < 0.08
    assert error < error_before + 0.01
    early = [i for i in recorder.items if isinstance(i, Prediction)]
    assert [(e.class_map == truth)[scored].mean() > 0.85 for e in early] == [True, True]
