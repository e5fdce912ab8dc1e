"""Panels at the width that their dock has on a small screen: words aren't cut where room is."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication, QWidget

from hsi_viewer.core.labels.classes import LabelClass, palette_colour
from hsi_viewer.ui.features.guidance.guide_panel import GuidePanel
from hsi_viewer.ui.theme import apply_theme
from hsi_viewer.ui.widgets.clean_panel import INTO, CleanPanel
from hsi_viewer.ui.widgets.runs_panel import LABELLED, OVERALL, SECONDS, RunRow, RunsPanel
from hsi_viewer.ui.widgets.why_panel import WhyPanel

NARROW = 258  # of a window of 1280 pixels


@pytest.fixture
def shown(qtbot, qapp):
    """Shows a panel at some width and height."""
    apply_theme(qapp, "light")

    def show(panel: QWidget, width: int, height: int = 430) -> None:
        qtbot.addWidget(panel)
        panel.resize(width, height)
        panel.show()
        qtbot.waitExposed(panel)
        QApplication.processEvents()

    return show


def classes(count: int) -> list[LabelClass]:
    return [LabelClass(i, f"Class {i}", palette_colour(i)) for i in range(1, count + 1)]


def test_every_tab_of_an_explanation_is_seen(shown):
    panel = WhyPanel()
    panel.tabs.show()
    shown(panel, NARROW)
    bar = panel.tabs.tabBar()
    assert bar.tabRect(3).right() <= bar.width()


def test_names_of_runs_have_the_room_of_numbers(shown):
    panel = RunsPanel()
    title = "12: LDA, seed 0"
    panel.show_runs([RunRow(12, title, 1.0, 75, 120.8, "75 labelled pixels, 120.8 s")], 12)
    shown(panel, NARROW)
    table = panel.table
    assert table.columnWidth(0) >= table.sizeHintForColumn(0)
    assert not table.isColumnHidden(OVERALL)
    assert table.isColumnHidden(SECONDS)
    panel.resize(500, 430)
    QApplication.processEvents()
    assert not table.isColumnHidden(LABELLED)
    assert not table.isColumnHidden(SECONDS)


def test_heads_of_the_classes_to_clean_are_read(shown):
    panel = CleanPanel()
    panel.show_classes(classes(3))
    shown(panel, NARROW)
    header = panel.table.horizontalHeader()
    assert header.sectionSize(INTO) >= header.sectionSizeHint(INTO)


def test_classes_to_answer_with_are_listed_where_there_is_room(shown, qtbot):
    canvas = QWidget()
    qtbot.addWidget(canvas)
    panel = GuidePanel(canvas)
    panel.show_active(True)
    panel.show_classes(classes(6))
    shown(panel, NARROW, 640)
    assert panel.classes.verticalScrollBar().maximum() == 0
    panel.show_classes(classes(40))
    QApplication.processEvents()
    assert panel.classes.verticalScrollBar().maximum() > 0
    assert panel.plot.height() >= panel.plot.minimumHeight()
    panel.show_classes(classes(1))
    QApplication.processEvents()
    assert panel.classes.height() == panel.close_up.height()
