"""MapMarks: scale bar and north arrow over a view of a georeferenced scene."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Slot
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QWidget

from hsi_viewer.analysis.geographic import ScaleAndNorth, ScaleBar, scale_bar
from hsi_viewer.ui.event_errors import reports_errors
from hsi_viewer.ui.scene.scene_view import SceneView

MARGIN = 8
LONGEST_BAR = 150.0
ARROW = 18.0  # half its length
TIP = ARROW + 7  # from the middle of the arrow to that of its letter
REACH = TIP + 9  # and to the far side of the letter, wherever north is
WIDTH, HEIGHT = 240, round(2 * REACH)


@reports_errors
class MapMarks(QWidget):
    """Drawn in the lower left corner of a view; hidden while the place is not known."""

    def __init__(self, view: SceneView) -> None:
        super().__init__(view.viewport())
        self._view = view
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName("Scale bar and north arrow")
        self._ground: ScaleAndNorth | None = None
        self._wanted = True
        self._drawn: object = None
        self._kept = QPixmap()
        view.view_changed.connect(self.update)
        view.viewport().installEventFilter(self)
        self.hide()

    @property
    def bar(self) -> ScaleBar:
        """The scale bar in this view; of length 0 if none."""
        return self._bar(self._view.magnification())

    def _bar(self, magnification: float) -> ScaleBar:
        if self._ground is None or magnification <= 0:
            return ScaleBar(0.0, 0.0, "")
        return scale_bar(self._ground, magnification, LONGEST_BAR)

    @property
    def possible(self) -> bool:
        """Whether the place of the scene is known."""
        return self._ground is not None

    def paint_in(self, painter: QPainter, area: QRectF, magnification: float) -> None:
        """Draw the marks in the lower left corner of a figure's view of the scene."""
        if self._ground is not None:
            painter.save()
            painter.translate(area.left() + MARGIN, area.bottom() - HEIGHT - MARGIN)
            self._paint(painter, self._ground, self._bar(magnification))
            painter.restore()

    def show_ground(self, ground: ScaleAndNorth | None) -> None:
        """Draw for a scene that lies so; None hides the marks."""
        self._ground = ground
        self.set_wanted(self._wanted)

    @Slot(bool)
    def set_wanted(self, wanted: bool) -> None:
        """Show the marks where they are possible, or never."""
        self._wanted = wanted
        self._move_to_corner()
        self.setVisible(wanted and self._ground is not None)
        self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in the corner."""
        if event.type() == QEvent.Type.Resize and watched is self._view.viewport():
            self._move_to_corner()
        return False

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the marks; they are kept, for outlined text takes milliseconds."""
        if self._ground is None:
            return
        drawn = (self._ground, self.bar, self.devicePixelRatioF())
        if drawn != self._drawn:
            self._drawn, self._kept = drawn, self._picture(self._ground)
        QPainter(self).drawPixmap(0, 0, self._kept)

    def _picture(self, ground: ScaleAndNorth) -> QPixmap:
        """White shapes with dark borders, which are seen on any picture."""
        ratio = self.devicePixelRatioF()
        picture = QPixmap(round(WIDTH * ratio), round(HEIGHT * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        self._paint(painter, ground, self.bar)
        painter.end()
        return picture

    def _paint(self, painter: QPainter, ground: ScaleAndNorth, bar: ScaleBar) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shapes = QPainterPath()
        middle = QPointF(REACH, REACH)
        shapes.addPolygon(_arrow(middle, ground.north))
        shapes.closeSubpath()
        left = 2 * REACH + 2
        shapes.addRect(QRectF(left, HEIGHT - 16, bar.length, 5))
        font = self.font()
        font.setBold(True)
        shapes.addText(QPointF(left, HEIGHT - 23), font, bar.text)
        tip = middle + QPointF(*ground.north) * TIP
        width = self.fontMetrics().horizontalAdvance("N")
        shapes.addText(tip + QPointF(-width / 2, 4), font, "N")
        painter.setPen(QPen(QColor(0, 0, 0, 200), 3.0, j=Qt.PenJoinStyle.RoundJoin))
        painter.drawPath(shapes)
        painter.fillPath(shapes, QColor("#ffffff"))

    def _move_to_corner(self) -> None:
        below = self._view.viewport().height() - HEIGHT - MARGIN
        self.setGeometry(MARGIN, below, WIDTH, HEIGHT)


def _arrow(middle: QPointF, north: tuple[float, float]) -> QPolygonF:
    angle = math.atan2(north[0], -north[1])  # from up, clockwise
    cos, sin = math.cos(angle), math.sin(angle)
    shape = (
        (0.0, -ARROW),
        (ARROW / 2, ARROW * 0.8),
        (0.0, ARROW * 0.35),
        (-ARROW / 2, ARROW * 0.8),
    )
    scaled = [(0.72 * x, 0.72 * y) for x, y in shape]
    return QPolygonF([middle + QPointF(x * cos - y * sin, x * sin + y * cos) for x, y in scaled])
