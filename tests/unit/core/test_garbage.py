"""The collector waits while much is made, and looks again when it is let."""

from __future__ import annotations

import pytest

from hsi_viewer.core import garbage


class Collector:
    """What is asked of Python's collector."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def __getattr__(self, name: str):
        return lambda: self.calls.append(name)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    collector = Collector()
    monkeypatch.setattr(garbage, "gc", collector)
    monkeypatch.setattr(garbage._Frozen, "by_us", False)
    return collector.calls


def test_what_is_made_meanwhile_is_set_aside_until_it_is_let_go(calls):
    with garbage.no_collection():
        assert calls == ["disable"]
    assert calls == ["disable", "freeze", "enable"]
    garbage.allow_collection()
    garbage.allow_collection()
    assert calls[3:] == ["unfreeze"]


def test_nothing_is_set_aside_after_an_error(calls):
    with pytest.raises(ValueError, match="half"), garbage.no_collection():
        raise ValueError("half of a window")
    assert calls == ["disable", "enable"]


def test_what_others_set_aside_stays_there(calls):
    garbage.allow_collection()
    assert calls == []
