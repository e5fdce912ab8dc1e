"""Faults are put in, the tests that call their place are found, and the rows are counted."""

import ast
from importlib.util import find_spec

import pytest

from benchmarks import table as tables
from benchmarks.callers import function_around
from benchmarks.mutants import LIBRARIES
from benchmarks.report_mutants import mutants_section
from benchmarks.single_faults import faults
from benchmarks.table import Table

CODE = """\
LIMIT = 3

class Box:
    size = 4

    @property
    def large(self, least=2):
        return self.size > least

def outer(a):
    def inner(b):
        return b + 1
    return inner(a)

if LIMIT:
    def other(): return 5
"""


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (1, ""),
        (4, ""),
        (7, ""),  # a default is computed where the function is made
        (8, "Box.large"),
        (12, "outer.<locals>.inner"),
        (13, "outer"),
        (16, "other"),
    ],
)
def test_the_innermost_function_has_the_name_that_python_gives_it(line, name):
    assert function_around(ast.parse(CODE), line) == name


def test_each_fault_changes_what_the_code_says():
    sound = ast.unparse(ast.parse(CODE))
    seen = set()
    for number in range(len(faults(ast.parse(CODE)))):
        tree = ast.parse(CODE)
        faults(tree)[number].put_in()
        seen.add(ast.unparse(tree))
    assert sound not in seen
    assert len(seen) == len(faults(ast.parse(CODE)))
    assert any("self.size >= least" in text for text in seen)


def test_no_arguments_are_swapped_whose_order_is_free():
    found = [fault.text for fault in faults(ast.parse("f(a, b)\nmax(a, b)\nnp.minimum(a, b)"))]
    assert [text for text in found if text.startswith("swapped")] == ["swapped arguments: f(a, b)"]


@pytest.mark.parametrize("library", sorted({n.split(".")[0] for n in LIBRARIES.split()}))
def test_what_is_imported_before_any_fault_is_installed(library):
    assert find_spec(library)


def row(result, judged="", layer="core", seed="5"):
    fixed = {"layer": layer, "file": "a.py", "line": "1", "fault": "x", "by": "", "seed": seed}
    return {**fixed, "result": result, "judged": judged}


def test_a_fault_counts_as_noticed_or_not_unless_no_test_can_notice_it():
    rows = [row("noticed")] * 5 + [row("noticed by a new test"), row("survived")]
    rows += [row("out of time"), row("survived", "equivalent: max of two")]
    rows += [row("not run", "equivalent: a limit"), row("noticed", layer="io")]
    rows += [row("noticed", seed="6")]
    lines = mutants_section(rows).splitlines()
    assert lines[2:] == [
        "| core | 5 | 10 | 2 | 5 | 1 | 2 | 62 % |",
        "| core | 6 | 1 | 0 | 1 | 0 | 0 | 100 % |",
        "| io | 5 | 1 | 0 | 1 | 0 | 0 | 100 % |",
    ]


def test_a_row_is_replaced_where_it_stands(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "RESULTS", tmp_path)
    table = Table("kept", ("line", "fault"), ("result",))
    for line in range(3):
        table.add(line=line, fault="a, b", result="survived")
    table.change({"line": "1", "fault": "a, b", "result": "noticed"})
    assert [row["result"] for row in table.rows()] == ["survived", "noticed", "survived"]
    again = Table("kept", ("line", "fault"), ("result",))
    assert again.has(line=2, fault="a, b")
    assert not again.has(line=3, fault="a, b")
