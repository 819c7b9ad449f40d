"""Sharpness of networks at their edge of stability, against what the frontiers predict."""

import pytest

from rbo_core import RBO
from rbo_core.frontiers import frontier
from rbo_core.training import TrainConfig
from rbo_core.training.edge import predicted_sharpness, start_sharpness, train_to_the_edge


def test_the_edge_is_where_the_learning_rate_is_the_frontier():
    assert predicted_sharpness(RBO(radius=1e-6, learning_rate=0.2, n_projection_steps=1)) == pytest.approx(10.0)
    # 0.2 κ (1 + 0.1 κ) = 2 has the root 5 (√5 − 1).
    assert predicted_sharpness(RBO(radius=0.1, learning_rate=0.2, trust=1.0)) == pytest.approx(5 * (5**0.5 - 1))
    guarded = predicted_sharpness(RBO(radius=5.0, learning_rate=0.2))
    assert guarded == pytest.approx(10 / 1.5)
    assert float(frontier(RBO(radius=5.0), 5.0, guarded)) == pytest.approx(0.2)


@pytest.mark.slow
@pytest.mark.parametrize("radius", [0.0, 0.1])
def test_a_network_sharpens_to_its_edge(radius):
    edge = train_to_the_edge(radius, 0.2, steps=2400, trust=1.0)
    assert edge.measured == pytest.approx(edge.predicted, rel=0.08)
    assert edge.gradients == (2400 if radius == 0 else 4800)


def test_the_sharpness_at_the_start_is_the_runs_own():
    config = TrainConfig(data="digits", model="mlp")
    first, again = start_sharpness(config), start_sharpness(config)
    assert first == again > 0


@pytest.mark.parametrize(("radius", "rate"), [(0.1, 4.0), (0.5, 2.0)])
def test_a_run_beyond_its_edge_is_not_told_that_its_loss_is_wrong(radius, rate):
    """Every move goes over a valley and the loss grows without bound; a warning is an error here."""
    train_to_the_edge(radius, rate, steps=12, images=100)
