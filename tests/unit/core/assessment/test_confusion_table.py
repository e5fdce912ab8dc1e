"""Tables that are copied and saved: totals, percentages, headers, and which axis is the truth."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hsi_viewer.core.assessment.accuracy import score
from hsi_viewer.core.assessment.confusion_table import accuracy_table, confusion_table

maps = hnp.arrays(np.uint16, (6, 7), elements=st.integers(0, 3))
TRUTH = np.array([[1, 1, 1, 1], [2, 2, 2, 0]], np.uint16)
MAPPED = np.array([[1, 1, 1, 2], [2, 2, 0, 1]], np.uint16)
NAMES = {1: "Corn, young", 2: "Oats"}.__getitem__


def test_the_whole_matrix_by_hand():
    table = confusion_table(score(MAPPED, TRUTH), NAMES)
    assert "Rows: truth. Columns: class map." in table.title
    assert [table.head, *table.rows] == [
        ("Truth \\ map", "Corn, young", "Oats", "Unclassified", "Total", "Producer's accuracy, %"),
        ("Corn, young", "3", "1", "0", "4", "75.00"),
        ("Oats", "0", "2", "1", "3", "66.67"),
        ("Total", "3", "3", "1", "7", ""),
        ("User's accuracy, %", "100.00", "66.67", "", "", "71.43"),
    ]


def test_percentages_of_rows_and_of_columns():
    report = score(MAPPED, TRUTH)
    rows = confusion_table(report, NAMES, "row percent").rows
    assert rows[0][1:5] == ("75.00", "25.00", "0.00", "100.00")
    assert rows[2][1:5] == ("42.86", "42.86", "14.29", "100.00")
    columns = confusion_table(report, NAMES, "column percent").rows
    assert [line[2] for line in columns[:3]] == ["33.33", "66.67", "100.00"]


@settings(max_examples=30)
@given(maps, maps)
def test_cells_add_up_to_the_totals(class_map, test):
    report = score(class_map, test)
    cells = np.array([line[1:-1] for line in confusion_table(report).rows[:-1]], int)
    np.testing.assert_array_equal(cells[:, :-1].sum(axis=1), cells[:, -1])
    np.testing.assert_array_equal(cells[:-1].sum(axis=0), cells[-1])
    assert cells[-1, -1] == report.total


@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_text_reads_back_with_its_headers(delimiter):
    table = confusion_table(score(MAPPED, TRUTH), NAMES)
    text = table.csv() if delimiter == "," else table.tabs()
    title, *lines = csv.reader(io.StringIO(text), delimiter=delimiter)
    assert title == [table.title]
    assert [tuple(line) for line in lines] == [table.head, *table.rows]


def test_every_figure_with_its_interval():
    report = score(MAPPED, TRUTH, drawn_at_random=True)
    table = accuracy_table(report, NAMES)
    rows = {(r[0], r[2]): r[3:] for r in table.rows}
    low, high = (f"{100 * x:.2f}" for x in (report.overall.low, report.overall.high))
    assert rows["All", "Overall accuracy, %"] == ("71.43", low, high)
    assert rows["Oats", "User's accuracy, %"][0] == "66.67"
    assert rows["Corn, young", "F1, %"][0] == "85.71"
    assert len(rows) == 3 + 2 * 3
    assert "random sample" in table.title
