"""The square that is shown around a place."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from hsi_viewer.ui.questions.question_view import square_around

sizes = st.integers(1, 500)


@settings(max_examples=30)
@given(sizes, sizes, st.data())
def test_a_square_lies_inside_the_scene_or_around_it(rows, columns, data):
    row, column = data.draw(st.floats(0, rows)), data.draw(st.floats(0, columns))
    side = data.draw(st.floats(1, 600))
    left, top, width, height = square_around((row, column), side, (rows, columns))
    side = min(side, max(rows, columns))  # a small scene fills the view
    assert width == height == side
    for start, at, size in ((top, row, rows), (left, column, columns)):
        assert start - 1e-6 <= at <= start + side + 1e-6  # the place is seen
        if side < size:
            assert 0 <= start <= size - side + 1e-6
        else:
            assert start == (size - side) / 2
