from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.display.layers import LABELS, Layer, LayerStack
from hsi_viewer.core.display.rasters import RgbaRaster

RASTER = RgbaRaster(np.zeros((3, 4, 4), np.uint8))


@pytest.fixture
def stack() -> LayerStack:
    stack = LayerStack()
    for name in ("Image", "Class map", LABELS):
        stack.add(Layer(name, RASTER))
    return stack


def test_new_layers_lie_under_the_labels_and_replace_their_namesake(stack):
    received = []
    stack.changed.connect(lambda: received.append("changed"))
    stack.redrawn.connect(lambda name, box: received.append((name, box)))
    stack.add(Layer("PCA", RASTER))
    assert stack.names == ("Image", "Class map", "PCA", LABELS)
    assert received == ["changed", ("PCA", None)]
    stack.arrange(("PCA", "Image", "Class map", LABELS))
    stack.add(Layer("PCA", RASTER, opacity=0.5))
    assert stack.names[0] == "PCA"
    assert stack["PCA"].opacity == 0.5


def test_events_tell_only_what_changed(stack):
    received = []
    stack.changed.connect(lambda: received.append("changed"))
    stack.removed.connect(received.append)
    stack.redrawn.connect(lambda name, box: received.append((name, box)))
    stack.show(True, "Image", LABELS)
    stack.set_opacity(1.0, "Image")
    stack.set_raster("Image", RASTER)
    stack.redraw(LABELS, (0, 0, 1, 1))
    assert received == [("Image", None), (LABELS, (0, 0, 1, 1))]
    stack.set_raster("Image", None)
    stack.set_opacity(7.0, "Class map")
    stack.set_opacity(-1.0, "Class map")
    stack.remove("Class map")
    stack.remove("Class map")
    assert received[2:] == [("Image", None), "changed", "changed", "Class map", "changed"]


def test_an_order_must_name_all_layers(stack):
    with pytest.raises(ValueError, match="are not the layers"):
        stack.arrange(("Image",))


def test_blind_layers_are_empty_for_everybody_until_they_are_given_back(stack):
    stack.set_blind(True)
    assert [layer.raster for layer in stack.layers] == [RASTER, None, None]
    assert stack["Class map"].raster is None
    other = RgbaRaster(np.ones((3, 4, 4), np.uint8))
    stack.set_raster("Class map", other)
    stack.show(False, LABELS)
    stack.arrange((LABELS, "Image", "Class map"))
    stack.add(Layer("New", RASTER))
    assert [layer.name for layer in stack.layers if layer.raster is not None] == ["Image"]
    stack.set_blind(False)
    assert stack["Class map"].raster is other
    assert stack[LABELS] == Layer(LABELS, RASTER, visible=False)
    assert all(layer.raster is not None for layer in stack.layers)
