from __future__ import annotations

import numpy as np

from hsi_viewer.core.spectra.band_statistics import BandStatistics
from hsi_viewer.core.spectra.curves import COLOURS, Curve, CurveSet, curve_library

FLAT = np.ones(4)


def pin(row: int, column: int) -> Curve:
    return Curve(f"row {row + 1} col {column + 1}", FLAT, position=(row, column))


def mean(name: str, count: int) -> Curve:
    rows = np.ones((1, 4))
    return Curve(
        name, FLAT, "region", statistics=BandStatistics(count, FLAT, FLAT, (50,), rows, FLAT)
    )


def test_each_curve_gets_the_colour_that_is_used_least():
    curves = CurveSet()
    added = curves.add(*(pin(k, k) for k in range(len(COLOURS) + 1)))
    assert [c.colour for c in added] == [*COLOURS, COLOURS[0]]
    curves.remove([added[2].id])
    assert curves.add(pin(0, 1))[0].colour == COLOURS[2]
    assert len({c.id for c in curves.curves}) == len(curves.curves)


def test_the_picked_curve_is_the_chosen_one_else_the_newest_of_the_scene():
    curves = CurveSet()
    assert curves.picked is None
    first, second = curves.add(pin(0, 0), pin(1, 1))
    assert curves.picked is second
    curves.pick(first.id)
    assert curves.picked is first
    curves.add(Curve("quartz", FLAT, "library"))
    assert curves.picked is first
    (third,) = curves.add(pin(2, 2))
    assert curves.picked is third
    curves.remove([third.id, second.id, first.id])
    assert curves.picked is None


def test_a_kind_is_replaced_or_cleared_alone_and_every_change_is_reported_once():
    curves, received = CurveSet(), []
    curves.changed.connect(lambda: received.append([c.name for c in curves.curves]))
    curves.add(pin(0, 0))
    curves.put("class", [Curve("a", FLAT, "class"), Curve("b", FLAT, "class")])
    curves.put("class", [Curve("c", FLAT, "class")])
    curves.change(curves.curves[0].id, visible=False)
    curves.clear("class")
    curves.clear("class")
    curves.clear()
    assert received == [
        ["row 1 col 1"],
        ["row 1 col 1", "a", "b"],
        ["row 1 col 1", "c"],
        ["row 1 col 1", "c"],
        ["row 1 col 1"],
        [],
    ]


def test_a_library_of_curves_says_where_each_comes_from():
    nm = np.array([400.0, 500, 600, 700])
    renamed = Curve("roof", FLAT, position=(4, 6))
    quartz = Curve("quartz", FLAT, "library")
    library = curve_library([pin(0, 2), renamed, mean("field", 1200), quartz, quartz], nm, "scene")
    assert library.names == (
        "row 1 col 3",
        "roof (row 5 col 7)",
        "field (mean of 1200 pixels)",
        "quartz",
        "quartz #2",
    )
    assert library.spectra.shape == (5, 4)
    np.testing.assert_array_equal(library.wavelengths, nm)


def test_a_change_touches_one_curve_and_keeps_the_rest_of_it():
    curves = CurveSet()
    first, second = curves.add(pin(0, 0), pin(1, 1))
    curves.change(second.id, name="roof", visible=False)
    assert curves.curves[0] is first
    changed = curves.curves[1]
    assert (changed.name, changed.visible, changed.id) == ("roof", False, second.id)
    assert (changed.colour, changed.position) == (second.colour, (1, 1))
    assert curves.of("pin") == curves.curves
    assert curves.of("library") == ()


def test_to_pick_what_is_picked_is_no_change():
    curves, received = CurveSet(), []
    first, _ = curves.add(pin(0, 0), pin(1, 1))
    curves.changed.connect(lambda: received.append(curves.picked))
    curves.pick(first.id)
    curves.pick(first.id)
    assert received == [first]


def test_the_curve_of_a_pixel_is_found_by_its_place_and_taken_up_again():
    curves, received = CurveSet(), []
    first, second = curves.add(pin(0, 1), pin(1, 0))
    curves.change(first.id, visible=False)
    curves.changed.connect(lambda: received.append(curves.picked.name))
    assert curves.pin_of((1, 0)) is second
    assert curves.pin_of((1, 1)) is None
    curves.take_up(first.id)
    assert curves.picked.id == first.id
    assert curves.picked.visible
    assert received == ["row 1 col 2"]


def test_curves_that_come_from_no_pixel_and_no_region_are_of_a_library_or_of_nothing():
    assert Curve("quartz", FLAT, "library").origin == "library"
    assert Curve("a", FLAT, "class").origin == ""


def test_colours_of_curves_are_a_few_that_differ():
    assert {value % 10 for colour in COLOURS for value in colour} == {0}
    assert COLOURS[0] == (230, 100, 0)
    apart = [np.subtract(one, other) for one in COLOURS for other in COLOURS if one is not other]
    assert len(COLOURS) == 8
    assert min(float(np.linalg.norm(step)) for step in apart) >= 50
