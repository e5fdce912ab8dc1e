"""ClassPanel: the list of classes with their ids, keys, colours and numbers of labelled pixels."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFont, QFontMetrics, QIcon, QPainter, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QStyledItemDelegate,
    QTableWidget,
    QTableWidgetItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.core.labels.classes import Colour, LabelClass
from hsi_viewer.ui.cut_names import cut_apart
from hsi_viewer.ui.theme import icon
from hsi_viewer.ui.widgets.allowed import allow
from hsi_viewer.ui.widgets.class_cells import KeyDelegate, NameDelegate
from hsi_viewer.ui.widgets.rolling_area import LEAST_LINES
from hsi_viewer.ui.wrapped_label import WrappedLabel

ID, SWATCH, NAME, KEY, COUNT, LOCK, EYE = range(7)
TITLES = ("Id", "", "Class", "", "Pixels", "", "")
LEAST_ROWS = 3  # that are seen; below that, the panel rolls
LONG_NAME = 18  # letters that a name has room for before the locks have
ID_ROLE = Qt.ItemDataRole.UserRole
ICONS = {EYE: ("eye-off-outline", "eye"), LOCK: ("lock-open-variant-outline", "lock")}


class ClassPanel(QWidget):
    """Shows classes and asks for changes; it changes nothing itself.

    Signals
    -------
    chosen(id) : a row was selected.
    renamed(id, name) : a name was typed; naming_ended(accepted) : its line was closed.
    recolour_requested(id), visibility_changed(id, visible).
    add_requested(), remove_requested(id).
    load_requested(), draw_requested() : labels from a file, training pixels from a ground truth.
    lock_changed(id, locked), moved(id, place).
    menu_requested(QPoint) : what else can be done with the selected class, at a global place.
    """

    chosen = Signal(int)
    renamed = Signal(int, str)
    naming_ended = Signal(bool)
    recolour_requested = Signal(int)
    visibility_changed = Signal(int, bool)
    add_requested = Signal()
    remove_requested = Signal(int)
    load_requested = Signal()
    draw_requested = Signal()
    lock_changed = Signal(int, bool)
    moved = Signal(int, int)
    menu_requested = Signal(QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._filling = False
        self.setProperty(LEAST_LINES, 8)  # so that some classes are seen beside a tall panel
        self.table = QTableWidget(0, 7)
        self.table.setTabKeyNavigation(False)  # Tab goes on to the next control
        self.table.setAccessibleName("Classes")
        self.table.setHorizontalHeaderLabels(TITLES)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(24)
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)  # else a long name is cut at its first hyphen
        self.table.setIconSize(QSize(18, 18))
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(20)
        for column in (ID, SWATCH, KEY, COUNT, LOCK, EYE):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
        self._name_cells = NameDelegate(self.table)
        self.table.setItemDelegateForColumn(NAME, self._name_cells)
        self._name_cells.closeEditor.connect(self._on_editor_closed)  # after the table's own
        self.table.setItemDelegateForColumn(KEY, KeyDelegate(self.table))
        self._set_widths()
        self.table.currentCellChanged.connect(self._on_row)
        self.table.itemChanged.connect(self._on_edited)
        self.table.cellClicked.connect(self._on_clicked)
        self.table.cellDoubleClicked.connect(self._on_double_clicked)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(self._on_context_menu)

        self.hint = WrappedLabel(
            "Add a class (A), then paint its pixels on the image with the brush (B). "
            "Or draw training pixels from a ground truth."
        )
        self.hint.setObjectName("muted")

        self.add_button = _tool_button("plus", "Add a class (A)")
        self.add_button.clicked.connect(self.add_requested)
        self.remove_button = _tool_button("trash-can-outline", "Remove the class and its labels")
        self.remove_button.clicked.connect(self._on_remove)
        self.up_button = _tool_button("arrow-up", "Move the class up")
        self.up_button.clicked.connect(self._on_up)
        self.down_button = _tool_button("arrow-down", "Move the class down")
        self.down_button.clicked.connect(self._on_down)
        self.more_button = _tool_button("dots-vertical", "More class commands")
        self.more_button.clicked.connect(self._on_more)
        self.load_button = QPushButton("Import labels…")
        self.load_button.setToolTip("Import labels or regions from a file")
        self.load_button.clicked.connect(self.load_requested)
        self.draw_button = QPushButton("Ground truth…")
        self.draw_button.setToolTip(
            "Draw training pixels from a ground truth; the others become test pixels"
        )
        self.draw_button.clicked.connect(self.draw_requested)

        buttons = QHBoxLayout()
        buttons.setSpacing(4)
        buttons.addWidget(self.add_button)
        buttons.addWidget(self.remove_button)
        buttons.addWidget(self.up_button)
        buttons.addWidget(self.down_button)
        buttons.addWidget(self.more_button)
        buttons.addStretch(1)
        files = QHBoxLayout()
        files.setSpacing(4)
        files.addWidget(self.load_button, 1)
        files.addWidget(self.draw_button, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 2, 8, 6)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.hint)
        layout.addLayout(buttons)
        layout.addLayout(files)
        self.show_ready(False)

    def show_ready(self, ready: bool) -> None:
        """Enable what needs a scene, or disable it while none is open."""
        for button in (self.add_button, self.more_button, self.load_button, self.draw_button):
            button.setEnabled(ready)
        self._update_buttons()

    def changeEvent(self, event: QEvent) -> None:
        """Let the columns follow the size of the text."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._set_widths()

    def _set_widths(self) -> None:
        metrics = self.table.fontMetrics()
        bold = QFont(self.table.horizontalHeader().font())
        bold.setWeight(QFont.Weight.DemiBold)  # as the style sheet draws it
        heading = QFontMetrics(bold)
        ids = [self._id(row) or 0 for row in range(self.table.rowCount())]
        texts = {ID: str(max(9, *ids)) if ids else "9", KEY: "9", COUNT: "9,999"}
        for column in (ID, SWATCH, KEY, COUNT, LOCK, EYE):
            if self.table.isColumnHidden(column):
                continue
            title = TITLES[column]
            own = metrics.horizontalAdvance(texts.get(column, "")) + 8
            wanted = max(own, heading.horizontalAdvance(title) + 13 if title else 24)
            self.table.setColumnWidth(column, wanted)
        height = max(24, metrics.height() + 6)
        self.table.verticalHeader().setDefaultSectionSize(height)
        head = self.table.horizontalHeader().sizeHint().height()
        self.table.setMinimumHeight(head + LEAST_ROWS * height + 2 * self.table.frameWidth())
        self._share_room()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the names the room of the locks where they need it."""
        super().resizeEvent(event)
        self._share_room()

    def _share_room(self) -> None:
        """Hide the locks of a narrow list in which none is closed; the menu has them, too."""
        names = [self.table.item(row, NAME) for row in range(self.table.rowCount())]
        metrics = self.table.fontMetrics()
        longest = max((metrics.horizontalAdvance(n.text()) for n in names if n), default=0)
        wanted = min(longest, LONG_NAME * metrics.averageCharWidth()) + 10
        others = (ID, SWATCH, KEY, COUNT, LOCK, EYE)
        lock = self.table.columnWidth(LOCK) or self.table.columnWidth(EYE)
        taken = sum(self.table.columnWidth(c) for c in others if c != LOCK) + lock
        locks = [self.table.item(row, LOCK) for row in range(self.table.rowCount())]
        locked = any(item.data(ID_ROLE) for item in locks if item)
        self.table.setColumnHidden(
            LOCK, not locked and self.table.viewport().width() - taken < wanted
        )

    def show_classes(self, classes: Sequence[LabelClass], counts: dict[int, int]) -> None:
        """Show classes in order with the number of labelled pixels by id."""
        self._filling = True
        selected = self.selected()
        self.table.setRowCount(len(classes))
        for row, c in enumerate(classes):
            for column in range(7):
                if self.table.item(row, column) is None:
                    self.table.setItem(row, column, _item(column))
            self._fill(row, c, counts.get(c.id, 0))
        self._set_widths()
        cut_apart(self.table, NAME)
        self.hint.setVisible(not classes)
        self._filling = False
        if selected is not None:
            self.select(selected)
        self._update_buttons()

    def show_counts(self, counts: dict[int, int]) -> None:
        """Update the numbers of labelled pixels."""
        self._filling = True
        for row in range(self.table.rowCount()):
            item = self.table.item(row, COUNT)
            name = self.table.item(row, NAME)
            if item and name:
                item.setText(f"{counts.get(name.data(ID_ROLE), 0):,}")
        self._filling = False

    def select(self, class_id: int) -> None:
        """Select the row of a class without emitting `chosen`."""
        self._filling = True
        for row in range(self.table.rowCount()):
            if self._id(row) == class_id and self.table.currentRow() != row:
                self.table.setCurrentCell(row, NAME)
        self._filling = False
        self._update_buttons()

    def selected(self) -> int | None:
        """Id of the selected class."""
        return self._id(self.table.currentRow())

    def edit_name(self, class_id: int, known_names: Sequence[str] = ()) -> None:
        """Open the name of a class for typing, and offer known names below it."""
        self._name_cells.accept()
        self._name_cells.known_names = tuple(known_names)
        for row in range(self.table.rowCount()):
            if self._id(row) == class_id:
                item = self.table.item(row, NAME)
                self.table.setFocus()
                if item:
                    self.table.scrollToItem(item)
                    self.table.editItem(item)
        self._name_cells.known_names = ()

    def end_naming(self) -> None:
        """Take the name that is being typed, as Enter does."""
        self._name_cells.accept()

    def refresh_theme(self) -> None:
        """Draw the icons again in the colours of the theme."""
        self.add_button.setIcon(icon("plus"))
        self.remove_button.setIcon(icon("trash-can-outline"))
        self.up_button.setIcon(icon("arrow-up"))
        self.down_button.setIcon(icon("arrow-down"))
        self.more_button.setIcon(icon("dots-vertical"))
        for row in range(self.table.rowCount()):
            for column, icons in ICONS.items():
                item = self.table.item(row, column)
                if item:
                    item.setIcon(icon(icons[bool(item.data(ID_ROLE))]))

    def _fill(self, row: int, c: LabelClass, count: int) -> None:
        key = str((row + 1) % 10) if row < 10 else ""
        texts = {ID: str(c.id), NAME: c.name, KEY: key, COUNT: f"{count:,}"}
        for column, text in texts.items():
            item = self.table.item(row, column)
            if item and item.text() != text:
                item.setText(text)
        name, swatch = self.table.item(row, NAME), self.table.item(row, SWATCH)
        if name and swatch:
            name.setData(ID_ROLE, c.id)
            name.setToolTip(f"{c.name} (id {c.id}): double-click to rename")
            if swatch.data(ID_ROLE) != c.colour:
                swatch.setData(ID_ROLE, c.colour)
                swatch.setIcon(_swatch(c.colour))
        for column, value in ((EYE, c.visible), (LOCK, c.locked)):
            item = self.table.item(row, column)
            if item and item.data(ID_ROLE) != value:
                item.setData(ID_ROLE, value)
                item.setIcon(icon(ICONS[column][value]))

    def _id(self, row: int) -> int | None:
        item = self.table.item(row, NAME) if row >= 0 else None
        return item.data(ID_ROLE) if item else None

    def _update_buttons(self) -> None:
        row, last = self.table.currentRow(), self.table.rowCount() - 1
        none = "" if self.selected() is not None else "Choose a class in the list"
        allow(self.remove_button, none)
        allow(self.up_button, none or ("" if row > 0 else "The class is the first"))
        allow(self.down_button, none or ("" if row < last else "The class is the last"))

    @Slot(int, int, int, int)
    def _on_row(self, row: int, _column: int, _old_row: int, _old_column: int) -> None:
        class_id = self._id(row)
        if not self._filling and class_id is not None:
            self.chosen.emit(class_id)
        self._update_buttons()

    @Slot(QWidget, QStyledItemDelegate.EndEditHint)
    def _on_editor_closed(self, _editor: QWidget, hint: QStyledItemDelegate.EndEditHint) -> None:
        self.naming_ended.emit(hint != QStyledItemDelegate.EndEditHint.RevertModelCache)

    @Slot(QTableWidgetItem)
    def _on_edited(self, item: QTableWidgetItem) -> None:
        if not self._filling and item.column() == NAME:
            self.renamed.emit(item.data(ID_ROLE), item.text())

    @Slot(int, int)
    def _on_clicked(self, row: int, column: int) -> None:
        class_id, item = self._id(row), self.table.item(row, column)
        if class_id is None or item is None:
            return
        if column == EYE:
            self.visibility_changed.emit(class_id, not item.data(ID_ROLE))
        elif column == LOCK:
            self.lock_changed.emit(class_id, not item.data(ID_ROLE))

    @Slot(int, int)
    def _on_double_clicked(self, row: int, column: int) -> None:
        class_id = self._id(row)
        if column == SWATCH and class_id is not None:
            self.recolour_requested.emit(class_id)

    @Slot()
    def _on_up(self) -> None:
        self._move(-1)

    @Slot()
    def _on_down(self) -> None:
        self._move(1)

    def _move(self, step: int) -> None:
        class_id = self.selected()
        if class_id is not None:
            self.moved.emit(class_id, self.table.currentRow() + step)

    @Slot(QPoint)
    def _on_context_menu(self, position: QPoint) -> None:
        self.menu_requested.emit(self.table.viewport().mapToGlobal(position))

    @Slot()
    def _on_more(self) -> None:
        button = self.more_button
        self.menu_requested.emit(button.mapToGlobal(QPoint(0, button.height())))

    @Slot()
    def _on_remove(self) -> None:
        class_id = self.selected()
        if class_id is not None:
            self.remove_requested.emit(class_id)


def _item(column: int) -> QTableWidgetItem:
    item = QTableWidgetItem()
    if column != NAME:
        item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
    if column == ID:
        item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        item.setToolTip("Class id, as it is in every file")
    if column == KEY:
        item.setToolTip("Key that activates the class")
    if column == SWATCH:
        item.setToolTip("Double-click to change the colour")
    if column == COUNT:
        item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    if column == LOCK:
        item.setToolTip("Lock the class: tools don't change its labels")
    if column == EYE:
        item.setToolTip("Show or hide the class in the map and the labels")
    return item


def _swatch(colour: Colour) -> QIcon:
    pixmap = QPixmap(32, 32)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QColor(*colour))
    painter.setPen(QColor(*colour).darker(140))
    painter.drawRoundedRect(3, 3, 26, 26, 6, 6)
    painter.end()
    swatch = QIcon(pixmap)
    swatch.addPixmap(pixmap, QIcon.Mode.Selected)  # else Qt tints the colour of the selected row
    return swatch


def _tool_button(name: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setIcon(icon(name))
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    button.setAutoRaise(True)
    return button
