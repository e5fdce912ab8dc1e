"""Documents and edits for the tests of sessions."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.labels.decisions import Decision
from hsi_viewer.session.document.document import Document
from hsi_viewer.session.document.stroke import Stroke

ROWS, COLUMNS = 6, 7
PIXELS = ROWS * COLUMNS


def new_document(rows: int = ROWS, columns: int = COLUMNS) -> Document:
    return Document(HyperCube.from_array(np.arange(rows * columns * 4).reshape(rows, columns, 4)))


def stroke(document: Document, class_id: int, pixels) -> None:
    painted = Stroke(document, class_id)
    for pixel in pixels:
        painted.paint(np.array([pixel], np.int64))
    painted.finish()


def content_of(document: Document) -> tuple:
    """Everything that a journal must bring back, to be compared."""
    history = document.history
    truth = None if document.truth is None else document.truth.tobytes()
    return (
        document.labels.ids.tobytes(),
        document.legend.classes,
        [s.title for s in history.steps],
        history.count,
        truth,
        document.decisions.ids.tobytes(),
        document.region.pixels.ids.tobytes(),
        document.region.bands.ids.tobytes(),
    )


pixel_lists = st.lists(st.integers(0, PIXELS - 1), min_size=1, max_size=8)
maps = st.lists(st.integers(0, 4), min_size=PIXELS, max_size=PIXELS).map(
    lambda ids: np.array(ids, np.uint16).reshape(ROWS, COLUMNS)
)
edits = st.one_of(
    st.tuples(st.just("stroke"), st.integers(0, 5), pixel_lists),
    st.tuples(st.just("decide"), st.sampled_from(Decision), pixel_lists),
    st.tuples(st.just("region"), st.none() | maps),
    st.tuples(st.just("bands"), st.lists(st.integers(0, 3), max_size=4)),
    st.tuples(st.just("whole")),
    st.tuples(st.just("add"), st.text(max_size=5)),
    st.tuples(st.just("rename"), st.integers(1, 5), st.text(max_size=5)),
    st.tuples(st.just("recolour"), st.integers(1, 5), st.tuples(*[st.integers(0, 255)] * 3)),
    st.tuples(st.just("remove"), st.integers(1, 5)),
    st.tuples(st.just("load"), maps),
    st.tuples(st.just("draw"), maps, st.integers(0, 3)),
    st.tuples(st.just("undo")),
    st.tuples(st.just("redo")),
    st.tuples(st.just("jump"), st.integers(0, 30)),
    st.tuples(st.just("truth"), st.one_of(st.none(), maps)),
)
edit_lists = st.lists(edits, max_size=25)


def carry_out(document: Document, edit: tuple) -> None:  # noqa: C901 - one case an edit
    """Do what a user may do; what the state does not allow is left out."""
    what, *given_with = edit
    known = document.legend
    match what, *given_with:
        case "stroke", class_id, pixels:
            stroke(document, class_id, pixels)
        case "decide", decision, pixels:
            document.decide(np.unique(pixels), decision)
        case "region", ids:
            inside = None if ids is None else ids > 2
            document.region.set_inside(document.history, "Region", inside)
        case "bands", bands:
            chosen = np.isin(np.arange(4), bands)
            document.region.set_bands(document.history, "Bands", chosen)
        case "whole", *_:
            document.region.clear(document.history)
        case "add", name:
            document.add_class(name)
        case "rename", class_id, name if class_id in known:
            document.rename_class(class_id, name)
        case "recolour", class_id, colour if class_id in known:
            document.recolour_class(class_id, colour)
        case "remove", class_id if class_id in known:
            document.remove_class(class_id)
        case "load", ids:
            document.load_labels(ids)
        case "draw", ids, seed if ids.any():
            document.draw_training_pixels(ids, 1, seed)
        case ("undo",):
            document.history.undo()
        case ("redo",):
            document.history.redo()
        case "jump", count:
            document.history.go_to(count)
        case "truth", ids:
            document.set_truth(ids)
