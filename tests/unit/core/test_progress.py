"""Cancel: asked for from one thread, noticed in another."""

from __future__ import annotations

import threading

import pytest

from hsi_viewer.core.progress import CancelToken, Progress, SilentPort, TaskCancelledError
from tests.patience import PATIENCE


def test_a_token_is_silent_until_it_is_cancelled():
    token = CancelToken()
    token.check()
    assert not token.cancelled
    token.cancel()
    token.cancel()
    assert token.cancelled
    with pytest.raises(TaskCancelledError):
        token.check()


def test_a_worker_stops_at_its_next_check():
    token, started, stopped = CancelToken(), threading.Event(), threading.Event()

    def work() -> None:
        try:
            while True:
                token.check()
                started.set()
        except TaskCancelledError:
            stopped.set()

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    assert started.wait(PATIENCE)
    token.cancel()
    worker.join(PATIENCE)
    assert stopped.is_set()


def test_a_cancelled_task_is_no_error_for_the_user():
    from hsi_viewer.core.errors import HsiError

    assert not issubclass(TaskCancelledError, HsiError)


def test_the_silent_port_takes_any_record():
    assert SilentPort().report(Progress("Reading", 0.5)) is None
