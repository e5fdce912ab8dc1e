"""Settings: whatever the file holds, the application starts; whatever fails, it ends."""

from __future__ import annotations

import json
import logging
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hsi_viewer.preferences.settings import (
    MAX_RECENT,
    Settings,
    load_settings,
    save_settings,
    settings_path,
)

DEFAULTS = Settings()
NAMES = {f.name for f in fields(Settings)}
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("settings")


def loaded(folder: Path, text: str | bytes) -> Settings:
    path = folder / "settings.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_settings(path)


@given(st.text() | st.binary())
def test_no_content_stops_the_start(folder, content):
    assert isinstance(loaded(folder, content), Settings)


@given(st.dictionaries(st.sampled_from([*sorted(NAMES), "unknown"]), json_values, max_size=4))
def test_entries_are_valid_or_default(folder, entries):
    settings = loaded(folder, json.dumps(entries))
    for name in NAMES:
        setattr(Settings(), name, getattr(settings, name))  # which refuses what is not valid
    for name in NAMES - set(entries):
        assert getattr(settings, name) == getattr(DEFAULTS, name)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        '"dark"',
        b"\xff\xfe\x00",
        "[" * 200_000,
        '{"a":' * 200_000,
        f'{{"brush_size": {"9" * 5000}}}',
    ],
    ids=lambda text: repr(text[:12]),
)
def test_a_broken_file_gives_the_defaults_and_a_warning(tmp_path, caplog, text):
    assert loaded(tmp_path, text) == DEFAULTS
    assert [r.levelno for r in caplog.records] == [logging.WARNING]


def test_a_broken_entry_is_dropped_alone_and_named(tmp_path, caplog):
    settings = loaded(
        tmp_path, '{"theme": "pink", "brush_size": 5, "map_opacity": NaN, "recent_files": [1]}'
    )
    assert settings == Settings(brush_size=5)
    assert "['map_opacity', 'recent_files', 'theme']" in caplog.text


def test_an_unknown_entry_is_passed_over_in_silence(tmp_path, caplog):
    assert loaded(tmp_path, '{"theme": "dark", "of_the_future": 1}') == Settings(theme="dark")
    assert caplog.text == ""


def test_a_missing_file_gives_the_defaults_in_silence(tmp_path, caplog):
    assert load_settings(tmp_path / "none.json") == DEFAULTS
    assert caplog.text == ""


def test_a_folder_in_place_of_the_file(tmp_path, caplog):
    assert load_settings(tmp_path) == DEFAULTS
    save_settings(DEFAULTS, tmp_path)
    assert "defaults are used" in caplog.text
    assert "were not saved" in caplog.text


def test_a_folder_that_cannot_be_written_is_logged_and_told(tmp_path, caplog):
    (tmp_path / "file").write_text("in the way")
    problem = save_settings(DEFAULTS, tmp_path / "file" / "settings.json")
    assert problem.startswith(f"{tmp_path / 'file' / 'settings.json'} could not be written")
    assert save_settings(DEFAULTS, tmp_path / "settings.json") == ""
    assert "The settings were not saved" in caplog.text


def test_a_disk_that_is_full_keeps_the_old_file(tmp_path, monkeypatch, caplog):
    path = tmp_path / "settings.json"
    save_settings(Settings(theme="dark"), path)

    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    save_settings(Settings(theme="light"), path)
    assert "No space left" in caplog.text
    assert load_settings(path).theme == "dark"
    assert [p.name for p in tmp_path.glob("*settings*")] == ["settings.json"]


# File names of Linux that are not valid UTF-8 hold lone surrogates.
file_names = st.text(max_size=8) | st.just("caf\udce9")


@given(
    st.builds(
        Settings,
        theme=st.sampled_from(["system", "light", "dark"]),
        recent_files=st.lists(file_names, max_size=3),
        last_folder=file_names,
        brush_size=st.integers(1, 101),
        map_opacity=st.floats(0, 1),
    )
)
def test_what_is_saved_is_loaded_again(folder, settings):
    path = folder / "saved.json"
    save_settings(settings, path)
    assert load_settings(path) == settings


def test_the_usual_place_is_the_users_own_folder(own_settings):
    save_settings(Settings(brush_size=7))
    assert own_settings in settings_path().parents
    assert load_settings().brush_size == 7


def test_a_file_opened_again_comes_first_and_once():
    settings = Settings()
    for i in (*range(MAX_RECENT + 3), 5):
        settings.add_recent(str(i))
    assert settings.recent_files == ["5", "12", "11", "10", "9", "8", "7", "6", "4", "3"]


@pytest.mark.parametrize(
    ("name", "value"), [("theme", "pink"), ("brush_size", 0), ("map_opacity", 1.5)]
)
def test_a_value_out_of_range_is_refused_when_it_is_set(name, value):
    with pytest.raises(ValueError, match=name.replace("_", " ")):
        setattr(Settings(), name, value)


def test_a_tuple_is_kept_as_the_list_that_it_is_read_as():
    settings = Settings()
    settings.band_presets = [("Mine", 650, 550, 450)]
    assert settings.band_presets == [["Mine", 650, 550, 450]]


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        (
            "band_presets",
            [[], [["Mine", 650, 550.5, 450]], [["a", 1, 2, 3], ["b", 3, 2, 999_999]]],
            [
                [["Mine", 650, 550]],
                [["Mine", 650, 550, 450, 350]],
                [["", 650, 550, 450]],
                [["  ", 650, 550, 450]],
                [[7, 650, 550, 450]],
                [["Mine", 650, 0, 450]],
                [["Mine", 650, 1e6, 450]],
                [["Mine", 650, True, 450]],
            ],
        ),
        (
            "arrangements",
            [[], [["Mine", 2, "AAAA"]]],
            [[["Mine", 3, "AAAA"]], [["", 1, "AAAA"]], [["Mine", 1]], [["Mine", True, "AAAA"]]],
        ),
        ("stretch_percent", [[0, 100], [2.5, 97]], [[2], [2, 2], [-1, 98], [2, 101], [1, 2, 3]]),
        ("text_percent", [50, 200], [49, 201, 100.0, True]),
        ("brush_size", [1, 101], [0, 102, 2.0]),
        ("wand_angle", [0.01, 2], [0, 2.01]),
        ("wand_distance", [0.01, 20], [0, 20.1]),
        ("segment_size", [9, 2500], [8, 2501]),
        ("map_opacity", [0, 1, 0.5], [-0.1, 1.1]),
        ("shortcuts", [{}, {"a": ["Ctrl+A"]}, {"a": []}], [{"a": "Ctrl+A"}, {"a": [1]}, {1: []}]),
    ],
)
def test_values_end_where_they_should(name, right, wrong):
    settings = Settings()
    for value in right:
        setattr(settings, name, value)
        assert getattr(settings, name) == value
    for value in wrong:
        with pytest.raises(ValueError, match=name.replace("_", " ")):
            setattr(settings, name, value)
