from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.display.colour_bar import ColourBar
from hsi_viewer.core.display.highlight import BelowRaster, MaskRaster
from hsi_viewer.core.display.layer_values import layer_values
from hsi_viewer.core.display.layers import LABELS, Layer, LayerStack
from hsi_viewer.core.display.outlines import OutlineRaster
from hsi_viewer.core.display.rasters import IdRaster, RgbaRaster, ValueRaster

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


BAR = ColourBar("Confidence", np.zeros((4, 3), np.uint8), 0.0, 100.0, "%")


def test_the_image_is_grey_under_colours_that_mean_something_and_let_it_through(stack):
    stack.add(Layer("Class map", RASTER, coded=True))
    assert not stack.image_is_grey  # it hides the image
    for change, grey in (
        (lambda: stack.set_opacity(0.5, "Class map"), True),
        (lambda: stack.show(False, "Class map"), False),
        (lambda: stack.show(True, "Class map"), True),
        (lambda: stack.set_blind(True), False),
        (lambda: stack.set_blind(False), True),
        (lambda: stack.set_opacity(-1.0, "Class map"), False),
        (lambda: stack.set_opacity(0.5, "Class map", LABELS), True),
        (lambda: stack.set_raster("Class map", None), False),
    ):
        change()
        assert stack.image_is_grey == grey


def test_a_colour_bar_is_told_once_and_blindness_is_known(stack):
    received = []
    stack.changed.connect(lambda: received.append(stack.blind))
    stack.set_bar("Class map", BAR)
    stack.set_bar("Class map", BAR)
    assert stack["Class map"].bar is BAR
    stack.set_blind(True)
    assert received == [False, True]


IDS = np.array([[0, 1], [2, 1]], np.uint16)
COLOURS = np.zeros((65536, 4), np.uint8)


@pytest.mark.parametrize(
    ("raster", "kind", "values"),
    [
        (IdRaster(IDS, COLOURS), "classes", IDS),
        (OutlineRaster(IDS, COLOURS), "classes", IDS),
        (MaskRaster(IDS == 1, (1, 2, 3)), "mask", IDS == 1),
        (BelowRaster(IDS, 1.0, (1, 2, 3)), "mask", IDS <= 1),
        (ValueRaster(IDS / 2, COLOURS[:4], 0.0, 1.0), "values", [[0, 50], [100, 50]]),
        (ValueRaster(IDS / 2, COLOURS[:4], 1.0, 0.0), "values", [[100, 50], [0, 50]]),
        (ValueRaster(IDS * 25, COLOURS[:4], 0.0, 100.0), "values", [[0, 25], [50, 25]]),
        (
            ValueRaster(IDS / 2, COLOURS[:4], 0.0, 1.0, shown=IDS),
            "values",
            [[np.nan, 50], [100, 50]],
        ),
    ],
)
def test_a_layer_consists_of_classes_a_mask_or_values_in_the_unit_of_its_bar(raster, kind, values):
    found = layer_values(Layer("x", raster, bar=BAR))
    assert found.kind == kind
    np.testing.assert_array_equal(found.values, values)


def test_without_a_bar_values_are_what_is_drawn_and_colours_are_no_values():
    found = layer_values(Layer("x", ValueRaster(IDS / 2, COLOURS[:4])))
    np.testing.assert_array_equal(found.values, IDS / 2)
    assert found.values.dtype == np.float32
    thinned = ValueRaster(IDS / 2, COLOURS[:4], shape=(4, 4))
    assert layer_values(Layer("x", thinned)) is None
    assert layer_values(Layer("x", RASTER)) is None


def test_a_layer_that_is_not_there_cannot_be_changed(stack):
    received = []
    stack.changed.connect(lambda: received.append("changed"))
    with pytest.raises(KeyError, match="PCA"):
        stack.set_opacity(0.5, "PCA")
    with pytest.raises(ValueError, match="are not the layers"):
        stack.arrange(("Image", "Class map"))
    assert received == []
