"""Separate fields lie further apart than the engine looks."""

from __future__ import annotations

from hsi_viewer.core.labels.sampling import REACH
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.learning.network import SdhsiNet
from hsi_viewer.learning.recipe import recipe_for


def test_the_gap_of_separate_fields_is_what_the_engine_looks():
    recipe = recipe_for(TrainingConfig())
    sigmas = recipe.features.sigmas
    network = SdhsiNet(4, len(sigmas), 2, recipe.network, 0)
    assert round(3 * max(sigmas)) + network.radius == REACH
