"""Tour: a few callouts on the real widgets of the window, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct
from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from hsi_viewer.ui.wrapped_label import WrappedLabel

GAP = 10
LETTERS = 46  # width of the text


class Stop(Struct, frozen=True):
    """One step of the tour.

    Attributes
    ----------
    title, text : what is shown.
    target : gives the widget that is pointed at, when its turn comes.
    """

    title: str
    text: str
    target: Callable[[], QWidget]


class Tour(QFrame):
    """The callout; a frame around the widget it speaks of belongs to it.

    Parameters
    ----------
    stops : at least one.
    window : what it is laid over.

    Signals
    -------
    ended() : finished or skipped.
    """

    ended = Signal()

    def __init__(self, stops: Sequence[Stop], window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("callout")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._stops, self._window, self.index = tuple(stops), window, 0
        self.marker = QFrame(window)
        self.marker.setObjectName("spotlight")
        self.marker.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.title = QLabel()
        self.title.setObjectName("heading")
        self.text = WrappedLabel()
        self.text.setFixedWidth(LETTERS * self.fontMetrics().averageCharWidth())
        self.count = QLabel()
        self.count.setObjectName("muted")
        self.skip = QPushButton("&Skip")
        self.skip.setToolTip("End the tour (Escape); find it again in the Help menu")
        self.skip.clicked.connect(self.end)
        self.back = QPushButton("&Back")
        self.back.clicked.connect(self.go_back)
        self.next = QPushButton("&Next")
        self.next.setObjectName("primary")
        self.next.clicked.connect(self.go_next)
        row = QHBoxLayout()
        row.addWidget(self.count)
        row.addStretch(1)
        for button in (self.skip, self.back, self.next):
            row.addWidget(button)
        layout = QVBoxLayout(self)
        layout.addWidget(self.title)
        layout.addWidget(self.text)
        layout.addLayout(row)
        window.installEventFilter(self)

    def start(self) -> None:
        """Show the first step."""
        self._go(0)

    @Slot()
    def go_next(self) -> None:
        """Continue, or end after the last step."""
        if self.index + 1 < len(self._stops):
            self._go(self.index + 1)
        else:
            self.end()

    @Slot()
    def go_back(self) -> None:
        """Show the step before."""
        self._go(max(self.index - 1, 0))

    @Slot()
    def end(self) -> None:
        """Remove the callout."""
        self._window.removeEventFilter(self)
        self.marker.hide()
        self.hide()
        self.marker.deleteLater()
        self.deleteLater()
        self.ended.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows and Enter move forward and back, Escape ends."""
        run = {
            Qt.Key.Key_Right: self.go_next,
            Qt.Key.Key_Return: self.go_next,
            Qt.Key.Key_Enter: self.go_next,
            Qt.Key.Key_Left: self.go_back,
            Qt.Key.Key_Escape: self.end,
        }.get(Qt.Key(event.key()))
        if run is None:
            super().keyPressEvent(event)
        else:
            run()

    def event(self, event: QEvent) -> bool:
        """Keep its keys from the window's shortcuts."""
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the window when its size changes."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest):
            self._point()
        return super().eventFilter(watched, event)

    def _go(self, index: int) -> None:
        self.index = index
        stop = self._stops[index]
        self.title.setText(stop.title)
        self.text.setText(stop.text)
        self.count.setText(f"{index + 1} of {len(self._stops)}")
        self.setAccessibleName(f"Tour, step {index + 1} of {len(self._stops)}: {stop.title}")
        self.setAccessibleDescription(stop.text)
        self.back.setEnabled(index > 0)
        self.next.setText("&Next" if index + 1 < len(self._stops) else "&Done")
        self.marker.show()
        self.show()
        self._point()
        self.marker.raise_()
        self.raise_()
        self.setFocus()

    def _point(self) -> None:
        """Lay the marker around the target and the callout beside it, inside the window."""
        target = self._stops[self.index].target()
        area = QRect(target.mapTo(self._window, QPoint()), target.size())
        area = area.intersected(self._window.rect())
        self.marker.setGeometry(area.adjusted(-3, -3, 3, 3))
        self.adjustSize()
        size, room = self.size(), self._window.rect().adjusted(GAP, GAP, -GAP, -GAP)
        beside = [
            QRect(QPoint(area.right() + GAP, area.top()), size),
            QRect(QPoint(area.left() - GAP - size.width(), area.top()), size),
            QRect(QPoint(area.left(), area.bottom() + GAP), size),
            QRect(QPoint(area.left(), area.top() - GAP - size.height()), size),
        ]
        chosen = next((b for b in beside if room.contains(b)), None)
        if chosen is None:  # no side has room for all of it
            chosen = beside[2] if area.center().y() < room.center().y() else beside[3]
            left = min(max(chosen.left(), room.left()), room.right() - size.width())
            top = min(max(chosen.top(), room.top()), room.bottom() - size.height())
            chosen = QRect(QPoint(left, top), size)
        self.setGeometry(chosen)
