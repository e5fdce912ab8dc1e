"""The page of accuracy compares like with like: the same lists, and paired differences."""

import numpy as np
import pytest

from benchmarks.development import FEW, GAP, sides_apart, task_of
from benchmarks.report_scenes import regrets
from benchmarks.report_teaching import gains, teaching_sentence


def row(method, seed, oa, protocol="random", n=10):
    return {
        "scene": "samson",
        "protocol": protocol,
        "n": str(n),
        "seed": str(seed),
        "method": method,
        "oa": str(oa),
    }


def test_regret_is_taken_on_the_lists_that_both_have():
    rows = [row("fast", s, oa) for s, oa in ((0, 90), (1, 92))]
    rows += [row("lda", s, oa) for s, oa in ((0, 91), (1, 89), (2, 10))]
    rows += [row("svm", 0, 99)]  # better, but on one of two lists only
    assert regrets(rows) == {("samson", "random-10"): ("lda", [-1.0, 3.0])}


def test_the_best_plain_method_is_chosen_by_its_mean_not_list_by_list():
    rows = [row("fast", s, 90) for s in (0, 1)]
    rows += [row("lda", 0, 100), row("lda", 1, 80), row("svm", 0, 88), row("svm", 1, 94)]
    assert regrets(rows)["samson", "random-10"] == ("svm", [2.0, -4.0])


def taught(arm, seed, oa, wrong="0"):
    return {
        **row("", seed, 0),
        "wrong_labels": wrong,
        "arm": arm,
        "oa_final": oa,
        "oa_exits": oa,
        "around": "1",
    }


def test_gains_of_self_distillation_are_paired_with_the_control_of_the_same_list():
    rows = [taught("control", 0, 80), taught("control", 1, 60), taught("folds", 0, 81)]
    rows += [taught("folds", 1, 63), taught("folds", 2, 99), taught("folds", 0, 10, wrong="1")]
    assert gains(rows, "oa_final", "0") == {"folds": {"Samson, random-10": [1.0, 3.0]}}


def test_the_sentence_says_gained_only_beyond_the_interval():
    control = [taught("control", s, 80) for s in range(4)]
    steady = [taught("folds", s, 81 + 0.1 * s) for s in range(4)]
    shaky = [taught("pixels", s, 80 + (5 if s % 2 else -4)) for s in range(4)]
    sentence = teaching_sentence(control + steady + shaky)
    assert "of 2 ways that were tried" in sentence
    assert "1 (`folds` +1.1" in sentence
    assert "`pixels`" not in sentence
    unsure = teaching_sentence(control + shaky + [taught("unadapted", s, 70) for s in range(4)])
    assert "of 1 ways" in unsure
    assert "none made the final map more accurate, beyond" in unsure
    worse = teaching_sentence(control + [taught("rounds", s, 79 - 0.1 * s) for s in range(4)])
    assert "1 (`rounds` -1.1" in worse.split("less accurate")[0]
    assert "too little" in teaching_sentence(control)


def test_halves_are_as_far_apart_as_the_engine_looks():
    rng = np.random.default_rng(0)
    truth = rng.integers(1, 4, (40, 120)).astype(np.uint16)
    first, second = sides_apart(truth, across=True)
    columns = [np.flatnonzero(mask.any(axis=0)) for mask in (first, second)]
    assert columns[1].min() - columns[0].max() > GAP


@pytest.mark.usefixtures("data_dir")
def test_a_model_is_applied_to_pixels_that_it_has_not_seen():
    task = task_of("samson", "apply left", 30, 0)
    whole = task_of("samson", "random", 10, 0).cube.read()
    middle = whole.shape[1] // 2
    assert np.array_equal(task.cube.read(), whole[:, :middle])
    assert np.array_equal(task.other.read(), whole[:, middle:])
    assert np.count_nonzero(task.test) >= FEW
    assert set(np.unique(task.test)) - {0} <= set(np.unique(task.training))
