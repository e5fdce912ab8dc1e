"""Texts that files hold, made fit to be shown."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import FormatError, HsiError
from hsi_viewer.core.text import (
    MOST_MESSAGE,
    MOST_MESSAGES,
    MOST_QUOTED,
    counted,
    escaped,
    listed,
    message,
    one_line,
    ranges,
    short_name,
    with_breaks,
    with_units_kept,
    without_breaks,
)

HOSTILE = [
    ("a\x1b[2Jb", "a\\x1b[2Jb"),
    ("a\0b", "a\\x00b"),
    ("a\x9b31mb", "a\\x9b31mb"),
    ("gpj.\u202eexe", "gpj.\\u202eexe"),
    ("\u2066x\u2069\u200f", "\\u2066x\\u2069\\u200f"),
    ("half \ud800", "half \\ud800"),
    ("bell\a", "bell\\x07"),
]


@pytest.mark.parametrize(("text", "shown"), HOSTILE)
def test_control_characters_are_spelled_out(text, shown):
    assert message(text) == shown
    assert str(HsiError(text)) == shown


def test_line_breaks_are_spaces_but_spelled_out_in_quotes():
    text = message('a\r\n  b: "two\nlines"\tc\u2028d')
    assert text == 'a b: "two\\nlines" c d'
    assert escaped("a\tb") == "a\\tb"


def test_what_people_write_stays():
    text = "Wald – äöü, 森林, غابة, 🌲👩‍🌾, naïve, “quoted”, C:\\new\\tables"
    assert message(text) == text
    assert one_line(text) == text


def test_a_long_quotation_leaves_the_sentence_whole():
    text = message(f'scene.hdr: "wavelength = {"9" * 10_000}" has 1 entry; correct the header.')
    assert text.startswith('scene.hdr: "wavelength = 999')
    assert text.endswith('9" has 1 entry; correct the header.')
    assert len(text) < MOST_QUOTED + 80
    assert "characters left out" in text


def test_a_long_sentence_keeps_its_beginning_and_its_end():
    text = message("scene.npz holds " + "x, " * 30_000 + "say which: scene.npz:NAME.")
    assert len(text) == MOST_MESSAGE
    assert text.startswith("scene.npz holds x, ")
    assert text.endswith("say which: scene.npz:NAME.")


@given(st.text(max_size=80).map(lambda t: t * 300) | st.text(alphabet='"\n\0a', max_size=999))
def test_any_text_becomes_one_bounded_line_once_and_for_all(text):
    line = message(text)
    assert len(line) <= MOST_MESSAGE
    assert not {unicodedata.category(c) for c in line} & {"Cc", "Cs", "Zl", "Zp"}
    assert message(line) == line


def test_errors_keep_what_is_no_text():
    assert HsiError(1, "a\0").args == (1, "a\\x00")
    assert HsiError().args == ()


def test_warnings_of_a_cube_are_fit_to_be_shown():
    odd = tuple(f"odd\x1b {k} " + "x" * 9999 for k in range(200))
    cube = HyperCube.from_array([[[1, 2]]], warnings=odd)
    assert len(cube.warnings) == MOST_MESSAGES + 1
    assert cube.warnings[-1] == "150 more remarks are not shown."
    assert cube.warnings[0].startswith("odd\\x1b 0 xxx")
    assert max(map(len, cube.warnings)) == MOST_MESSAGE


def test_names_lose_what_turns_them_around():
    assert one_line("a\u202eb\x1b[1m\n c") == "a b [1m c"


def test_an_error_of_a_subclass_is_bounded_too():
    assert len(str(FormatError("y" * 70_000))) == MOST_MESSAGE


@pytest.mark.parametrize(
    ("bands", "words"),
    [([], ""), ([0], "1"), ([0, 1, 2, 6], "1-3, 7"), ([4, 5, 9, 8], "5-6, 10, 9")],
)
def test_bands_are_written_as_people_count_them(bands, words):
    assert ranges(bands) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0 pixels are"), (1, "1 pixel is"), (2, "2 pixels are"), (1234, "1,234 pixels are")],
)
def test_things_are_counted_with_the_verb_that_goes_with_them(number, words):
    assert counted(number, "pixel", "is", "are") == words
    assert counted(number, "pixel") == words.rpartition(" ")[0]


def test_short_names_that_differ_at_their_end_stay_different():
    names = [
        f"Corn-notill 2024 of the farm by the river, {side} field" for side in ("east", "west")
    ]
    assert len({short_name(name, 22) for name in names}) == 2
    assert {len(short_name(name, most)) for name in names for most in (22, 21)} == {22, 21}
    assert short_name("wheat", 5) == "wheat"
    assert short_name("x" * 10**6 + "end").endswith("xend")


@pytest.mark.parametrize(
    ("names", "words"),
    [((), ""), (("a",), "a"), (("a", "b"), "a and b"), (("a", "b", "c"), "a, b and c")],
)
def test_names_are_listed_in_a_sentence(names, words):
    assert listed(names) == words


def pieces(text: str) -> list[str]:
    """What is left on a line of its own where a text is as narrow as can be."""
    return with_breaks(text).replace(" ", "\u200b").split("\u200b")


def test_long_words_can_be_broken_after_what_joins_their_parts():
    path = "/data/2024/a_long_folder_name/scene-of-the_year.hdr"
    assert max(map(len, pieces(f"The file {path} is open."))) <= 7
    assert pieces(path)[:4] == ["/data/", "2024/", "a_", "long_"]
    assert pieces("C:\\Users\\somebody\\scenes\\one.hdr")[:2] == ["C:\\", "Users\\"]


def test_what_has_no_joints_is_broken_anywhere_but_within_a_letter():
    assert max(map(len, pieces("9" * 80))) == 1
    marked = "e\u0301" * 40
    assert with_breaks(marked).replace("\u200b", "") == marked
    assert "\u200b\u0301" not in with_breaks(marked)


def test_words_that_every_panel_has_room_for_stay_whole():
    for text in ("Buildings-Grass-Trees", "a sentence of usual words, and numbers 12.5"):
        assert with_breaks(text) == text


@given(st.text())
def test_breaks_are_taken_out_again(text):
    plain = text.replace("\u200b", "").replace("\xa0", " ")
    assert without_breaks(with_breaks(with_units_kept(plain))) == plain
