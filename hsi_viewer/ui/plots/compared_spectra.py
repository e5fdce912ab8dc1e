"""One spectrum against the mean spectra of two classes, and whose curve is whose."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import escape

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel

from hsi_viewer.core.labels.classes import ClassLegend
from hsi_viewer.core.spectra.curves import Curve
from hsi_viewer.ui.plots.spectrum_plot import SpectrumPlot

NO_BREAK, JOINER, BREAK = "\u00a0", "\u2060", "\u200b"
LONGEST = 24  # letters that every panel has room for on one line

Spectrum = NDArray[np.float64]


def show_compared(
    plot: SpectrumPlot,
    words: QLabel,
    spectrum: Spectrum | None,
    class_ids: Iterable[int],
    means: Mapping[int, Spectrum],
    legend: ClassLegend,
) -> None:
    """Draw a spectrum over the means of those classes that have one.

    Parameters
    ----------
    plot : what draws it.
    words : says which colour is which class.
    spectrum : (bands,), or None.
    class_ids : of the classes to compare with.
    means : (bands,) by class id.
    legend : names and colours.
    """
    known = [legend[i] for i in class_ids if i in means and i in legend]
    curves = [Curve(c.name, means[c.id], "class", c.colour, class_id=c.id) for c in known]
    with plot.curves.changed.blocked():  # all of it is drawn at once
        plot.curves.clear()
        plot.curves.add(*curves)
    plot.fit_live(spectrum)
    marks = [
        f'<span style="color:{QColor(*c.colour).name()}">■</span>{NO_BREAK}{_piece(c.name)}'
        for c in known
    ]
    words.setTextFormat(Qt.TextFormat.RichText)
    words.setText(f"Here, and on average in {' and '.join(marks)}" if marks else "")


def _piece(name: str) -> str:
    """A name that stays on one line; one too long for that may break, even inside a word."""
    if len(name) > LONGEST:
        return escape(re.sub(rf"([^\s-]{{{LONGEST}}})", rf"\1{BREAK}", name))
    return escape(name.replace(" ", NO_BREAK).replace("-", f"-{JOINER}"))
