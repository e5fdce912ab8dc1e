"""Panels at the width that their dock has on a small screen: words aren't cut where room is."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QRect, Qt
from PySide6.QtGui import QHelpEvent, QTextDocument
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QLabel,
    QListWidget,
    QTableWidgetItem,
    QToolTip,
    QWidget,
)

from hsi_viewer.core.assessment.accuracy import score_pixels
from hsi_viewer.core.assessment.areas import ClassArea
from hsi_viewer.core.assessment.assessment import Assessment
from hsi_viewer.core.assessment.separability import PairSeparability, SeparabilityReport
from hsi_viewer.core.labels.classes import ClassLegend, LabelClass, palette_colour
from hsi_viewer.core.spectra.library_match import Match
from hsi_viewer.core.training import EpochReport
from hsi_viewer.learning.classifiers import classifiers
from hsi_viewer.ui.cut_names import elide, fitted
from hsi_viewer.ui.features.after_map.areas_dialog import AreasDialog
from hsi_viewer.ui.features.guidance.check_panel import CheckPanel
from hsi_viewer.ui.features.guidance.guide_panel import GuidePanel
from hsi_viewer.ui.features.reference.sample_dialog import SampleDialog
from hsi_viewer.ui.features.reference.sample_panel import SamplePanel
from hsi_viewer.ui.features.training.result import STEPS
from hsi_viewer.ui.legend_entries import Entry
from hsi_viewer.ui.plots.compared_spectra import JOINER, LONGEST, NO_BREAK, show_compared
from hsi_viewer.ui.plots.curve_key import named_curves
from hsi_viewer.ui.plots.spectrum_plot import SpectrumPlot
from hsi_viewer.ui.questions.question_panel import QuestionPanel
from hsi_viewer.ui.scene.map_legend import MapLegend
from hsi_viewer.ui.scene.mini_map import SIDE
from hsi_viewer.ui.theme import apply_theme
from hsi_viewer.ui.widgets.accuracy_panel import AccuracyPanel
from hsi_viewer.ui.widgets.choice_box import ChoiceBox
from hsi_viewer.ui.widgets.class_panel import NAME, ClassPanel
from hsi_viewer.ui.widgets.clean_panel import INTO, CleanPanel
from hsi_viewer.ui.widgets.library_panel import LibraryPanel, LibraryRow
from hsi_viewer.ui.widgets.region_panel import RegionPanel
from hsi_viewer.ui.widgets.result_card import ResultCard
from hsi_viewer.ui.widgets.rolling_area import RollingArea
from hsi_viewer.ui.widgets.runs_panel import LABELLED, OVERALL, SECONDS, RunRow, RunsPanel
from hsi_viewer.ui.widgets.scene_row import SceneRow
from hsi_viewer.ui.widgets.scenes_panel import ScenesPanel
from hsi_viewer.ui.widgets.separability_panel import MOST_NAMED, SeparabilityPanel
from hsi_viewer.ui.widgets.training_panel import TrainingPanel
from hsi_viewer.ui.widgets.why_panel import WhyPanel
from hsi_viewer.ui.wrapped_label import WrappedLabel

NARROW = 258  # of a window of 1280 pixels
SEEN = 18  # letters of a name in the narrowest dock
LONG = (
    "Corn-notill",
    "Grass-pasture-mowed",
    "Buildings-Grass-Trees-Drives",
    "Ährenfeld im Übergang zur Brache",
    "Donaudampfschifffahrtsgesellschaft",
)


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


@pytest.mark.parametrize("percent", [100, 150])
def test_some_classes_are_seen_beside_a_panel_that_wants_all_the_room(shown, qapp, percent):
    apply_theme(qapp, "light", percent)
    panel, area = ClassPanel(), RollingArea()
    area.take(panel)
    shown(area, NARROW * percent // 100, area.minimumSizeHint().height())
    panel.show_classes(classes(9), {})
    QApplication.processEvents()
    table = panel.table
    rows = [table.visualItemRect(table.item(row, NAME)) for row in range(9)]
    seen = table.viewport().rect()
    apply_theme(qapp, "light")
    assert sum(seen.contains(row) for row in rows) >= 3
    assert table.mapTo(area, table.rect().bottomLeft()).y() < area.height()


def test_every_tab_of_an_explanation_is_seen(shown):
    panel = WhyPanel()
    panel.tabs.show()
    shown(panel, NARROW)
    bar = panel.tabs.tabBar()
    assert bar.tabRect(3).right() <= bar.width()


@pytest.mark.parametrize("made", [SamplePanel, GuidePanel])
def test_answers_are_whole_in_a_narrow_dock(made, shown):
    canvas = QWidget()
    panel = made(canvas)
    panel.show_active(True)
    shown(panel, NARROW)
    assert panel.minimumSizeHint().width() <= 254  # a dock of 1280 x 800, with its scroll bar
    for button in panel.buttons.values():
        needed = button.fontMetrics().horizontalAdvance(button.text()) + 6  # padding and border
        assert button.width() >= needed, button.text()
    canvas.deleteLater()


def made_training(_canvas: QWidget) -> TrainingPanel:
    panel = TrainingPanel(classifiers())
    panel.show_epoch(EpochReport(1, 2, 0.5, (0.8, 0.9)))
    return panel


@pytest.mark.parametrize(
    "made", [SamplePanel, GuidePanel, lambda _canvas: CheckPanel(), made_training]
)
def test_a_plot_grows_with_the_text_of_its_axes(made, shown, qapp):
    canvas, heights = QWidget(), []
    panel = made(canvas)
    if isinstance(panel, QuestionPanel):
        panel.show_active(True)
    panel.plot.show()
    assert panel.plot.minimumHeight() > 0  # from the start, not from a change of theme
    for percent in (100, 150):
        apply_theme(qapp, "light", percent)
        panel.refresh_theme()
        shown(panel, NARROW * percent // 100, 300)
        assert panel.plot.height() >= panel.plot.minimumHeight()
        heights.append(panel.plot.minimumHeight())
        levels = panel.plot.getPlotItem().getAxis("left").tickSpacing(0, 4000, 30)
        assert levels[0][0] / 4000 * 30 >= panel.fontMetrics().height()  # its numbers never touch
    apply_theme(qapp, "light")
    assert heights[1] >= 1.5 * heights[0] > 0
    canvas.deleteLater()


def test_what_the_curves_are_stands_beside_a_small_plot_not_over_it(shown):
    canvas = QWidget()
    training, guide = TrainingPanel(classifiers()), GuidePanel(canvas)
    guide.show_active(True)
    training.show_epoch(EpochReport(1, 2, 0.5, (0.8, 0.9)))
    for panel, key, plot, first in (
        (training, training.key, training.plot, "Loss (relative to the first)"),
        (guide, guide.progress_key, guide.progress_plot, "Accuracy, from your labels"),
    ):
        shown(panel, NARROW, 640)
        assert plot.getPlotItem().legend is None
        assert named_curves(plot)[0][0] == first
        assert first.replace(" ", NO_BREAK) in key.text()
        assert key.geometry().bottom() < plot.geometry().top()
        plot.hide()
        assert key.isHidden()
    canvas.deleteLater()


def test_the_voices_are_named_beside_a_long_class_name(shown):
    panel = WhyPanel()
    table = panel.tables["voices"]
    table.setRowCount(1)
    for column, text in enumerate(
        ("Linear discriminant", "1.00", "Water of lakes and rivers", "99")
    ):
        table.setItem(0, column, QTableWidgetItem(text))
    panel.tabs.show()
    panel.tabs.setCurrentWidget(table)
    shown(panel, NARROW)
    assert table.horizontalScrollBar().maximum() == 0
    assert table.columnWidth(0) >= 12 * table.fontMetrics().averageCharWidth()


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


def test_the_likely_class_is_seen_among_many(shown, qtbot):
    canvas = QWidget()
    qtbot.addWidget(canvas)
    panel = GuidePanel(canvas)
    panel.show_active(True)
    panel.show_place(False)
    shown(panel, NARROW, 640)
    panel.show_classes(classes(60))
    QApplication.processEvents()
    panel.show_classes(classes(60), [40, 46])
    panel.show_place(True)  # the list has less room beside the close-up
    panel.resize(NARROW, 460)
    QApplication.processEvents()
    row = panel.classes.visualItemRect(panel.classes.item(39))
    assert panel.classes.viewport().rect().contains(row)
    assert panel.classes.item(39).text().startswith("40  ")


@pytest.fixture(params=(100, 150))
def text(request, qapp):
    """The size of the text in percent, and the width that a dock has then."""
    apply_theme(qapp, "light", request.param)
    yield NARROW if request.param == 100 else 410
    apply_theme(qapp, "light", 100)


def long_named(count: int) -> list[LabelClass]:
    names = [*LONG, *(f"Mischwald mit Fichten und Büschen {i}" for i in range(count))][:count]
    return [LabelClass(i, name, palette_colour(i)) for i, name in enumerate(names, 1)]


FIELDS = tuple(f"Corn-notill 2024 {field} field" for field in ("north", "south", "new", "old"))


def pictures(widget: QWidget, areas: list[QRect]) -> set[int]:
    """What is drawn in areas of a widget."""
    grabbed = [widget.grab(area).toImage() for area in areas]
    return {hash(bytes(image.constBits())) for image in grabbed}


def test_names_that_differ_after_their_beginning_are_drawn_differently(shown, text):
    """Where they are cut, in every list of classes."""
    listed = [LabelClass(i, name, (90, 90, 90)) for i, name in enumerate(FIELDS, 1)]
    classes_panel, canvas = ClassPanel(), QWidget()
    guide, view = GuidePanel(canvas), QWidget()
    guide.show_active(True)
    shown(classes_panel, text)
    shown(guide, text, 640)
    shown(view, 300, 300)
    classes_panel.show_classes(listed, {})
    guide.show_classes(listed, [1])
    legend = MapLegend(view)
    legend.show_classes([Entry(entry.name, entry.colour) for entry in listed])
    QApplication.processEvents()
    table, names = classes_panel.table, guide.classes
    cells = [table.visualItemRect(table.item(row, NAME)) for row in range(4)]
    assert len(pictures(table.viewport(), cells)) == 4
    keys = names.iconSize().width() + names.fontMetrics().horizontalAdvance("0  ") + 8
    rows = [names.visualItemRect(names.item(row)).adjusted(keys, 0, 0, 0) for row in range(4)]
    assert len(pictures(names.viewport(), rows[1:])) == 3  # the first is bold
    for row, name in enumerate(FIELDS):
        assert name in table.item(row, NAME).toolTip()
        assert names.item(row).text().startswith(f"{row + 1}  ")
        assert names.item(row).toolTip() == name
        assert name in legend.toolTip()
    line = (legend.height() - 16) // 4
    lines = [QRect(30, 8 + n * line, legend.width() - 38, line) for n in range(4)]
    assert len(pictures(legend, lines)) == 4
    canvas.deleteLater()


def test_the_list_of_runs_says_what_its_figures_are_of(shown):
    """The figure of the Accuracy panel may be of other pixels."""
    panel = RunsPanel()
    shown(panel, NARROW)
    tested, own, none = (
        RunRow(1, "a", 0.8, 9, 1.0, ""),
        RunRow(2, "b", 0.7, 9, 1.0, "", on_test=False),
        RunRow(3, "c", None, 9, 1.0, "", on_test=False),
    )
    for rows, title in (
        ((tested, none), "Test pixels"),
        ((own, none), "Own labels"),
        ((tested, own), "Overall"),
        ((none,), "Overall"),
    ):
        panel.show_runs(rows, None)
        assert panel.table.horizontalHeaderItem(OVERALL).text() == title


MIXED = (
    "Coniferous forest on the northern slope",
    "Coniferous forest on the southern slope",
    "Лиственный лес на склоне",
    "Хвойный лес на склоне",
    *(f"Land cover class of the third level number {n}" for n in range(7, 12)),
    "Weizen – Winterweizen (Reifestadium)",
    "A",
)


@pytest.mark.parametrize("letters", [7, 9, 14, 20])
def test_each_name_of_a_list_is_cut_where_it_stays_different(shown, letters):
    """Some differ at their beginning, some at their end, some in their middle."""
    panel = ClassPanel()
    shown(panel, NARROW)
    metrics = panel.fontMetrics()
    width = metrics.horizontalAdvance("n" * letters)
    short = fitted(MIXED, metrics, width)
    assert len(set(short)) == len(MIXED)
    assert max(map(metrics.horizontalAdvance, short)) <= width
    assert short[-1] == "A"
    assert short[-2] == metrics.elidedText(MIXED[-2], Qt.TextElideMode.ElideMiddle, width)


def test_a_list_draws_each_name_as_it_was_cut(shown, text):
    panel = ClassPanel()
    shown(panel, text)
    panel.show_classes([LabelClass(i, n, (90, 90, 90)) for i, n in enumerate(MIXED, 1)], {})
    panel.resize(text, 600)
    QApplication.processEvents()
    table = panel.table
    cells = [table.visualItemRect(table.item(row, NAME)) for row in range(len(MIXED))]
    assert len(pictures(table.viewport(), cells)) == len(MIXED)
    assert table.sizeHintForColumn(NAME) >= table.fontMetrics().horizontalAdvance(MIXED[0])


def test_a_legend_of_many_classes_lists_the_largest_and_leaves_room_for_the_overview(shown, text):
    view = QWidget()
    shown(view, 900, 300)
    legend = MapLegend(view)
    entries = [Entry(f"Class {n}", (n, n, n), pixels=n % 7) for n in range(60)]
    legend.show_classes([*entries, Entry("Outside the region", (0, 0, 0))])
    names = [name for name, _ in legend._lines()]
    assert 2 < len(names) < 60
    assert names[0] == "Class 6"  # in the order of the classes
    assert {int(name.split()[1]) % 7 for name in names[:-2]} <= {5, 6}
    assert names[-2:] == ["Outside the region", f"and {61 - len(names) + 1} more"]
    overview = min(SIDE, 300 // 3) + 8
    assert legend.geometry().bottom() <= view.height() - overview
    legend.show_classes(entries[:3])
    assert [name for name, _ in legend._lines()] == ["Class 0", "Class 1", "Class 2"]


def test_a_number_stays_with_its_unit_where_a_text_is_wrapped(shown):
    label = WrappedLabel("Between 39.0 % and 41 % of 12 px at 900 nm is water")
    for width in range(60, 330, 10):
        shown(label, width)
        document = QTextDocument(QLabel.text(label))
        document.setDefaultFont(label.font())
        document.setTextWidth(width)
        assert document.size().height() > 0  # lays it out
        layout, written = document.firstBlock().layout(), document.firstBlock().text()
        lines = [layout.lineAt(n) for n in range(layout.lineCount())]
        words = [written[a.textStart() : a.textStart() + a.textLength()].split() for a in lines]
        assert not {"%", "px", "nm"} & {line[0] for line in words}
    assert label.text() == "Between 39.0 % and 41 % of 12 px at 900 nm is water"
    label.clear()
    assert label.text() == ""


@pytest.mark.parametrize("word", ["x" * 80, "/a_folder/of-some/" * 5 + "scene.hdr"])
def test_a_long_word_is_wrapped_whole_and_copied_as_it_was_given(shown, qapp, word):
    label = WrappedLabel(f"The file {word} is 30 m wide")
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    shown(label, 200, 300)
    assert label.minimumSizeHint().width() <= 200
    document = QTextDocument(QLabel.text(label))
    document.setDefaultFont(label.font())
    document.setTextWidth(200)
    assert document.idealWidth() <= 200
    label.setSelection(0, len(QLabel.text(label)))
    QTest.keyClick(label, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert qapp.clipboard().text() == label.text()
    label.setSelection(0, 8)
    label.copy()
    assert qapp.clipboard().text() == "The file"


def test_a_choice_is_cut_in_its_middle_and_its_tip_has_all_of_it(shown):
    box = ChoiceBox()
    box.addItems(["Reflectance_of_the_northern_field_at_noon_2024_06_21", "short"])
    box.setToolTip("What is drawn")
    shown(box, 160, 30)
    assert box.shown_text.startswith("Reflec")
    assert box.shown_text.endswith("06_21")
    assert "…" in box.shown_text

    def tip() -> str:
        QToolTip.hideText()
        QApplication.sendEvent(box, QHelpEvent(QEvent.Type.ToolTip, QPoint(5, 5), QPoint(5, 5)))
        return QToolTip.text()

    assert tip() == f"{box.currentText()}\nWhat is drawn"
    QTest.keyClick(box, Qt.Key.Key_Down)
    assert box.shown_text == "short"
    assert tip() == "What is drawn"
    QToolTip.hideText()
    box.resize(box.sizeHint())  # as wide as its choices need: nothing is cut
    QTest.keyClick(box, Qt.Key.Key_Up)
    assert box.shown_text == box.currentText()


def test_a_list_is_cut_in_place_of_rolling_sideways(shown):
    box = QListWidget()
    elide(box)
    box.addItem("a_name_without_a_space_" * 6)
    shown(box, 200, 100)
    assert box.horizontalScrollBar().maximum() == 0
    at = box.visualItemRect(box.item(0)).center()
    event = QHelpEvent(QEvent.Type.ToolTip, at, box.mapToGlobal(at))
    QApplication.sendEvent(box.viewport(), event)
    assert QToolTip.text() == box.item(0).text()
    QToolTip.hideText()


def test_names_of_classes_to_clean_are_whole_or_told(shown, text):
    panel = CleanPanel()
    panel.show_classes(long_named(40))
    shown(panel, text)
    table = panel.table
    wide = table.columnWidth(0) - table.iconSize().width() - 10
    for row in range(5):
        words = re.split(r"(?<=-)| ", LONG[row])
        if max(map(table.fontMetrics().horizontalAdvance, words)) <= wide:  # it is wrapped
            assert table.rowHeight(row) >= table.sizeHintForRow(row)
        assert table.item(row, 0).toolTip() == LONG[row]
    assert table.rowHeight(2) > table.fontMetrics().height() * 2 - 6
    box = table.cellWidget(0, INTO)
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Down)
    assert box.toolTip() == f"Merge {LONG[0]} into {LONG[1]}"
    assert panel.cleaning().merge == {1: 2}


def test_a_colour_stays_with_the_name_of_its_class(shown, text):
    """The words above the spectra are broken between classes, or inside a name that is too long."""
    plot, words = SpectrumPlot(), QLabel()
    words.setWordWrap(True)
    legend, means = ClassLegend(long_named(6)), {i: np.ones(4) for i in range(1, 7)}
    for ids in ((1, 2), (2, 1, 3), (4, 5, 6), (5, 2, 1)):
        show_compared(plot, words, None, ids, means, legend)
        shown(words, text - 16, 200)
        assert words.minimumSizeHint().width() <= text - 16  # else the panel is rolled sideways
        document = QTextDocument()
        document.setDefaultFont(words.font())
        document.setHtml(words.text())
        document.setTextWidth(text - 16)
        assert document.size().height() > 0  # lays it out
        layout, written = document.firstBlock().layout(), document.firstBlock().text()
        lines = [layout.lineAt(n) for n in range(layout.lineCount())]
        lines = [written[a.textStart() : a.textStart() + a.textLength()] for a in lines]
        assert len(lines) > 1
        assert not [line for line in lines if line.rstrip().endswith("■")]
        for name in (legend[i].name for i in ids if len(legend[i].name) <= LONGEST):
            whole = name.replace(" ", NO_BREAK).replace("-", f"-{JOINER}")
            assert [line for line in lines if f"■{NO_BREAK}{whole}" in line]


def test_names_have_the_room_of_what_can_be_done_without(shown, text):
    regions, libraries = RegionPanel(), LibraryPanel()
    regions.show_regions(
        long_named(6), dict.fromkeys(range(1, 7), 6), (), dict.fromkeys(range(1, 7), 3)
    )
    match = Match(0, 0.1, 0.9, 0.8)
    libraries.show_rows([LibraryRow(0, 0, name, "Minerals", match) for name in LONG])
    for panel, view, spare in (
        (regions, regions.tree, 2),
        (libraries, libraries.table, 3),
    ):
        shown(panel, NARROW)
        assert view.isColumnHidden(spare)
        assert not view.isColumnHidden(1)
        assert view.columnWidth(0) >= SEEN * view.fontMetrics().averageCharWidth()
        panel.resize(900, 430)
        QApplication.processEvents()
        assert not view.isColumnHidden(spare)
    assert "3 regions" in regions.tree.topLevelItem(0).toolTip(0)
    assert "Shape 0.800" in libraries.table.model().index(0, 0).data(Qt.ItemDataRole.ToolTipRole)


def test_buttons_of_the_result_are_whole_where_they_need_two_rows(shown, text):
    card = ResultCard()
    card.show_map("2 classes mapped", "")
    card.show_steps(STEPS)
    for width in (900, text + 40):
        shown(card, width, card.layout().totalHeightForWidth(width))
        for button in card.buttons:
            assert button.width() >= button.sizeHint().width()
            assert card.rect().contains(button.geometry())
        rows = {button.y() for button in card.buttons}
        assert (len(rows) > 1) == (width < 900)


ALIKE = (
    "12: Random forest on all bands, fast, seed 0",
    "12: Random forest on all bands, fast, seed 1",
    "Fields and forest of the upper valley, first trial",
    "Fields and forest of the upper valley, second",
    "Soybean-notill",
    "Soybean-mintill",
)


def test_names_that_are_cut_can_be_told_apart(shown, text):
    regions, runs, scenes = RegionPanel(), RunsPanel(), ScenesPanel()
    regions.show_regions(
        [LabelClass(i, name, (0, 0, 0)) for i, name in enumerate(ALIKE, 1)], {}, ()
    )
    runs.show_runs([RunRow(i, name, 0.7, 120, 8.1, name) for i, name in enumerate(ALIKE)], None)
    scenes.show_scenes([SceneRow(Path(name), name, 76, 6, has_map=True) for name in ALIKE], None)
    accuracy, truth = AccuracyPanel(), np.arange(1, len(ALIKE) + 1).astype(np.uint16)
    right = score_pixels(truth, truth, np.arange(truth.size), truth.size)
    accuracy.show_assessment(
        Assessment(right, None, None, None, 8, 4), lambda number: ALIKE[number - 1]
    )
    lists = ((regions, regions.tree), (runs, runs.table), (scenes, scenes.table))
    for panel, view in (*lists, (accuracy, accuracy.classes)):
        shown(panel, NARROW)
        indices = [view.model().index(row, 0) for row in range(len(ALIKE))]
        view.setCurrentIndex(view.model().index(-1, -1))  # no frame around a name
        pictures = [view.viewport().grab(view.visualRect(i)).toImage() for i in indices]
        for row, one in enumerate(pictures):
            assert one not in pictures[:row], ALIKE[row]


def test_no_name_of_a_region_is_cut_beside_a_column_that_can_be_done_without(shown, text):
    panel = RegionPanel()
    panel.show_regions(long_named(3), dict.fromkeys((1, 2, 3), 1236), (), {1: 30, 2: 30, 3: 30})
    shown(panel, text)
    tree, seen = panel.tree, set()
    for width in range(text, 2 * text, 40):
        panel.resize(width, 430)
        QApplication.processEvents()
        whole = tree.columnWidth(0) >= tree.sizeHintForColumn(0)
        seen.add((whole, tree.isColumnHidden(2)))
    assert (False, False) not in seen
    assert (True, False) in seen


def test_dialogs_grow_with_their_text_and_tell_names_that_they_cut(qtbot, qapp, text):
    parent, legend = QWidget(), ClassLegend(long_named(40))
    qtbot.addWidget(parent)
    areas, sample = AreasDialog(parent), SampleDialog(parent)
    areas.show_areas([ClassArea(i, 100, 2_500.0, 0.025) for i in range(1, 41)], legend)
    sample.show_sizes(dict.fromkeys(range(1, 41), 100), legend)
    for dialog in (areas, sample):
        room = dialog.screen().availableGeometry().width()
        least = 540 if text == NARROW else 800
        assert dialog.width() >= min(least, room)
        dialog.show()
        qtbot.waitExposed(dialog)
        table = dialog.table
        for row, name in enumerate(LONG):
            assert table.item(row, 0).text() == name
            assert table.item(row, 0).toolTip() == name
        shown = table.columnWidth(0)
        assert shown >= table.horizontalHeader().fontMetrics().horizontalAdvance(LONG[0])
        dialog.close()


@pytest.mark.parametrize(
    ("more", "pairs", "few"),
    [
        (1, "1 more pair is as similar: see the table.", "1 more class has too few pixels."),
        (2, "2 more pairs are as similar: see the table.", "2 more classes have too few pixels."),
    ],
)
def test_what_is_left_out_of_the_warnings_is_counted(shown, more, pairs, few):
    panel = SeparabilityPanel()
    shown(panel, NARROW)
    alike = tuple(PairSeparability(1, n + 2, 0.1, 0.1) for n in range(MOST_NAMED + more))
    scarce = tuple(range(1, MOST_NAMED + more + 1))
    report = SeparabilityReport(alike, dict.fromkeys(scarce, 1), scarce)
    panel.show_report(report, str)
    told = panel.warnings.text()
    assert pairs in told
    assert few in told
    assert "“1” has only 1 labelled pixel: " in told
    assert panel.table.horizontalHeaderItem(2).text() == "Angle, rad"
    panel.resize(NARROW * 5 // 4, panel.height())
    QApplication.processEvents()
    assert not panel.table.isColumnHidden(2)
    panel.show_report(report, "Soybean with a name of number {}".format)
    assert panel.table.isColumnHidden(2)  # names are read first
    assert "angle 0.100 rad" in panel.table.item(0, 0).toolTip()
