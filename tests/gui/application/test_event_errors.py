"""An error in an event handler or a painter is reported, and the window lives on."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from PySide6.QtCore import QObject
from PySide6.QtGui import QPainter

from hsi_viewer.app import CrashReporter
from hsi_viewer.ui.event_errors import reports_errors
from hsi_viewer.ui.scene.layer_item import LayerItem
from tests.gui.hands import Hands


@pytest.fixture
def driver(shared):
    return shared


def boom(*_args):
    raise RuntimeError("boom")


@pytest.fixture
def scene(driver, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "hsi_viewer.ui.features.training.torch_preload.import_trainer", lambda _token, _port: None
    )
    np.save(tmp_path / "scene.npy", np.random.default_rng(0).normal(size=(60, 80, 4)))
    driver.open(str(tmp_path / "scene.npy"))
    driver.trigger("class.add")
    return driver


def test_a_tool_that_raises_is_told_and_the_next_stroke_paints(scene, monkeypatch, caplog):
    reporter, hands = CrashReporter(scene.window), Hands(scene)
    monkeypatch.setattr(sys, "excepthook", reporter.report)
    monkeypatch.setattr(sys, "__excepthook__", lambda *_: None)
    for row, method in enumerate(("press", "drag", "release", "hover", "preview", "footprint")):
        scene.window.notices.forget()
        caplog.clear()
        with monkeypatch.context() as patch:
            patch.setattr(scene.canvas._tool, method, boom)
            hands.drag((5, 5), (9, 9), (12, 5))
            hands.hover((20, 20))
            hands.wheel((20, 20), 1)
        assert any("failed unexpectedly (RuntimeError: boom)" in t for t in notices(scene)), method
        assert "boom" in caplog.text
        scene.canvas.cancel_drawing()
        scene.canvas.fit()
        before = scene.document.labels.total
        hands.drag((40 + row, 40), (40 + row, 50))
        assert scene.document.labels.total > before


def test_a_painter_that_raises_is_told_and_the_next_frame_is_drawn(scene, monkeypatch):
    reporter = CrashReporter(scene.window)
    monkeypatch.setattr(sys, "excepthook", reporter.report)
    monkeypatch.setattr(sys, "__excepthook__", lambda *_: None)
    with monkeypatch.context() as patch:
        patch.setattr(LayerItem, "_level", boom)
        scene.canvas.viewport().repaint()
        scene.canvas.viewport().repaint()
    told = [t for t in notices(scene) if "RuntimeError: boom" in t]
    (button,) = scene.window.notices.notices[-1].buttons
    assert button.text() == "Show the log"
    scene.click_on(button)
    assert scene.window.context.docking.docks["messages"].isVisible()
    assert len(told) == 1
    painted = []
    monkeypatch.setattr(LayerItem, "_level", lambda *_: painted.append(1) or 0)
    scene.canvas.viewport().repaint()
    assert painted


def test_only_handlers_are_wrapped_and_what_they_return_stays(monkeypatch):
    seen = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, _trace: seen.append((kind, error)))

    @reports_errors
    class Part(QObject):
        def eventFilter(self, watched, event):
            if event is None:
                boom()
            return True

        def paint(self, painter: QPainter) -> None:
            boom()

        def helper(self):
            boom()

    part = Part()
    assert part.eventFilter(part, 1)
    assert part.eventFilter(part, None) is False
    part.paint(QPainter())
    with pytest.raises(RuntimeError):
        part.helper()
    assert [kind for kind, _ in seen] == [RuntimeError, RuntimeError]


def notices(driver) -> list[str]:
    return driver.window.notices.texts()
