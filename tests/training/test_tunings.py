"""Tuning is a draw: planted tunings and seeds with a known spread, and what the intervals make of them."""

import numpy as np
import pytest

from rbo_core.intervals import crossed, student
from rbo_core.training import TrainConfig, contest_stages
from rbo_core.training.contest import ContestConfig, hold
from rbo_core.training.contest_report import as_dict, markdown
from rbo_core.training.contestants import CONTESTANTS

TRUTH = 1.5


def planted(rng, between, seeds=0.5, rest=0.3, shape=(4, 10)):
    """Tunings crossed with seeds round TRUTH."""
    rows, columns = between * rng.normal(size=(shape[0], 1)), seeds * rng.normal(size=(1, shape[1]))
    return TRUTH + rows + columns + rest * rng.normal(size=shape)


@pytest.mark.parametrize("between", [0.0, 0.3, 1.0])
def test_intervals_hold_the_truth_as_often_as_they_say(between):
    rng, draws = np.random.default_rng(0), 1500
    tables = [planted(rng, between) for _ in range(draws)]
    found = [crossed(table) for table in tables]
    covered = np.mean([abs(one.mean - TRUTH) <= one.half for one in found])
    assert 0.93 <= covered <= 0.985
    assert np.mean([crossed(table - TRUTH).p < 0.05 for table in tables]) == pytest.approx(1 - covered, abs=1e-9)
    assert np.sqrt(np.mean([one.between**2 for one in found])) == pytest.approx(between, abs=0.08)
    # Seeds alone, as after one tuning, are sure of themselves for no reason.
    naive = [student(table[0]) for table in tables]
    alone = np.mean([abs(mean - TRUTH) <= half for mean, half in naive])
    assert alone > 0.93 if between == 0 else alone < (0.82 if between < 1 else 0.4)


def test_the_mean_squares_are_those_of_the_textbook():
    # Rows differ by 4 and -4, columns by 1, 0, -1, nothing else: MS of rows 6·16, of columns 2·1, of the rest 0.
    table = 10 + np.array([[4.0], [-4.0]]) + np.array([[1.0, 0.0, -1.0]])
    found = crossed(table)
    assert found.mean == 10
    assert found.between == pytest.approx(np.sqrt(96 / 3))
    # The rows' mean square is the larger one, and has one degree of freedom.
    assert found.half == pytest.approx(12.706 * np.sqrt(98 / 6), rel=1e-4)
    # Tunings that all come to the same are the seeds' interval.
    seeds = np.array([1.0, 2.0, 4.0, 8.0])
    same = crossed(np.tile(seeds, (3, 1)))
    assert (same.mean, same.half, same.between) == (pytest.approx(3.75), pytest.approx(student(seeds)[1]), 0.0)


def test_every_tuning_is_another_and_its_winner_is_tested(monkeypatch):
    """A world in which accuracy is known: a method's settings, weighed by their learning rate, and the seed."""
    tuned = []

    def known(stage, progress=None):
        rates, seeds = np.log10(stage.settings["lr"]), np.array(stage.seeds)
        test = 0.9 + 0.01 * rates + 0.001 * (seeds % 7)
        if not stage.looks:
            tuned.append((stage.what, sorted(set(stage.seeds)), stage.settings["lr"]))
        return {"validation": (0.5 - abs(rates + 1)).tolist(), "test": test.tolist(), "stopped": test.tolist(),
                "stopped_gradients": [8.0] * len(seeds), "diverged": 0, "gradients": 12, "seconds": 1.0}  # fmt: skip

    monkeypatch.setattr(contest_stages, "trained", known)
    train = TrainConfig(gradient_budget=12, train_size=100, diagnostics="none", device="cpu")
    config = ContestConfig(
        train=train, contestants=("momentum", "sgd"), settings=8, tunings=3, fresh_seeds=(50, 51, 52)
    )
    result = hold(config)
    first = [one for one in tuned if CONTESTANTS["momentum"].label in one[0]]
    assert [seeds for _, seeds, _ in first] == [[0, 1], [2, 3], [4, 5]]
    assert len({tuple(rates) for _, _, rates in first}) == 3
    for one in result.standings:
        assert len(one.tunings) == 3 and one.tried == 8 * one.boxes
        for k, tuning in enumerate(one.tunings):
            assert abs(np.log10(tuning.chosen["lr"]) + 1) < 0.4
            wanted = 90 + np.log10(tuning.chosen["lr"]) + 0.1 * (np.array(config.fresh_seeds) % 7)
            np.testing.assert_allclose(one.table[k], wanted)
        np.testing.assert_allclose(one.accuracies, one.table.mean(axis=0))
        assert one.half == crossed(one.table).half
        # All that differs between the tunings is the chosen learning rate.
        chosen = [np.log10(tuning.chosen["lr"]) for tuning in one.tunings]
        assert one.between == pytest.approx(np.std(chosen, ddof=1))
    (difference,) = result.differences
    gap = crossed(result.standings[1].table - result.standings[0].table)
    assert (difference.mean, difference.half, difference.p) == (gap.mean, gap.half, gap.p)
    text = markdown(result)
    assert "tunings differ by" in text and f"| {result.standings[0].between:.2f} |" in text
    assert len(as_dict(result)["standings"][0]["tunings"]) == 3
