"""The guide: pages in the order of the index, sections, and words found in them."""

from __future__ import annotations

import pytest

from hsi_viewer.core.guide import INDEX, SNIPPET, Guide, anchor, guide_folder, plain, read_guide

PAGES = {
    INDEX: "# Guide\n\nHello.\n\n- [Labels](labels.md)\n- [Maps](maps.md)\n- [Gone](gone.md)\n",
    "maps.md": "# Maps\n\nA map of `classes`.\n\n## The Accuracy panel\n\nHow good a map is.\n",
    "labels.md": "# Labels\n\nWhat is *painted* on a map.\n",
}


@pytest.fixture
def guide():
    return Guide(PAGES)


def test_pages_come_in_the_order_of_the_index_as_far_as_they_exist(guide):
    assert guide.contents == (("labels.md", "Labels"), ("maps.md", "Maps"))
    links = [INDEX + "#guide", "labels.md#labels", "maps.md#maps", "maps.md#the-accuracy-panel"]
    assert [s.link for s in guide.sections] == links
    assert guide.sections[1].text == "What is painted on a map."
    assert guide.sections[2].text == "A map of classes."


def test_sections_hold_every_word_and_headings_come_first(guide):
    found = [s.heading for s in guide.find("MAP")]
    assert found == ["Maps", "Guide", "Labels", "The Accuracy panel"]
    assert [s.heading for s in guide.find("map good")] == ["The Accuracy panel"]
    assert guide.find("  ") == guide.find("nothing of it") == []


def test_the_section_of_a_panel_is_found_by_its_name(guide):
    assert guide.about("accuracy") == guide.sections[3]
    assert guide.about("Maps") is None


def test_a_snippet_begins_before_the_word_and_says_where_it_is_cut(guide):
    section = Guide({INDEX: f"# A\n\n{'b' * 80} word {'c' * 200}"}).sections[0]
    assert section.snippet(["word"]) == "…" + section.text[81 - SNIPPET // 3 :][:SNIPPET] + "…"
    assert section.snippet(["nowhere"]) == section.text[:SNIPPET].strip() + "…"
    assert guide.sections[2].snippet(["classes"]) == "A map of classes."
    first = Guide({INDEX: f"# A\n\nword {'b' * 200} other {'c' * 200}"}).sections[0]
    for words in (["other", "word"], ["nowhere", "word"]):
        assert first.snippet(words) == first.text[:SNIPPET] + "…"


@pytest.mark.parametrize(
    ("heading", "name"),
    [("The image", "the-image"), ("What's *new*, then?", "whats-new-then"), ("RX-1", "rx-1")],
)
def test_anchors_are_those_of_github(heading, name):
    assert anchor(heading) == name


def test_marks_of_markdown_are_left_out():
    text = "See [the page](a.md#b) and ![a picture](c.png): **bold**\n| a | b |\n|---|---|"
    assert plain(text) == "See the page and a picture: bold a b"


def test_the_guide_of_the_installation_has_its_pages_and_those_that_are_replaced():
    own = read_guide(replaced={"keys.md": "# Keys\n\nMade here.\n"})
    assert own.pages["keys.md"].endswith("Made here.\n")
    assert set(own.pages) == {p.name for p in guide_folder().glob("*.md")}
    assert own.about("Spectrum") is not None
