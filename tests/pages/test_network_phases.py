"""The page Network phases without a browser: the grid asked for, the map, a cell's way to Train, the sentence."""

from __future__ import annotations

import dataclasses
import functools
import io
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.network_phases import view as network_phases_view
from pages.shared import network_examples
from rbo_core.figures.network_phases import phases_figure
from rbo_core.figures.phase_map import CLICKS
from rbo_core.figures.words import plain
from rbo_core.training import Method, TrainConfig, run_training
from rbo_core.training.phases import PhaseConfig, PhaseResult, save_phases
from rbo_core.training.regimes import network_regimes
from tests.pages.drawn import drawn

PAGES = Path(__file__).resolve().parents[2] / "pages"


def made(config: PhaseConfig) -> PhaseResult:
    """A map whose best cell is (5, 9) and whose highest rates diverge."""
    i, j = np.meshgrid(np.arange(config.n_radii), np.arange(config.n_rates), indexing="ij")
    accuracy = 0.98 - 0.02 * np.abs(i - 5) - 0.05 * np.abs(j - 9)
    lost = j >= 11
    accuracy = np.where(lost, 0.1, accuracy)[..., None].repeat(config.seeds, axis=2)
    gone = lost[..., None].repeat(config.seeds, axis=2)
    loss = np.where(gone, np.nan, 1 - accuracy)
    return PhaseResult(config, loss, loss, accuracy, np.where(gone, np.nan, 0.1), gone,
                       np.full((config.n_rates, config.seeds), 0.9), 400, 9.0, 297)  # fmt: skip


@pytest.fixture
def page(visit):
    """page(folder, **query): this page on that data folder."""
    return functools.partial(visit, "7_Network_phases")


def said(opened: AppTest) -> str:
    """The sentences of the page, the headline first."""
    found = [plain(h.proto.body) for h in opened.get("html") if 'class="lab-said"' in h.proto.body]
    return " ".join(found).replace("\u2212", "-").replace("\N{NO-BREAK SPACE}", " ")


def half(config: PhaseConfig) -> PhaseResult:
    """That map, as it is when every second radius has been trained."""
    whole = made(config)
    there = np.arange(config.n_radii)[:, None] % 2 == 0
    there = there & np.ones((1, config.n_rates), bool)
    arrays = {
        name: np.where(there[..., None], getattr(whole, name), np.nan)
        for name in ("train_loss", "validation_loss", "validation_accuracy", "penetration")
    }
    return dataclasses.replace(whole, **arrays, diverged=whole.diverged & there[..., None], trained=there)


def test_the_grid_asked_for_is_the_grid_of_the_controls(page, tmp_path, queue):
    opened = page(tmp_path, cells="8", seeds="2", label_noise="30", momentum="0.9", epochs="3")
    opened.button(key="compute").click().run()
    assert not opened.exception
    job = queue.jobs()[0]
    asked = PhaseConfig.from_dict(job.config)
    assert (asked.n_radii, asked.n_rates, asked.seeds) == (8, 8, 2)
    assert (asked.train.label_noise, asked.train.epochs, asked.train.method["momentum"]) == (0.3, 3, 0.9)
    # A bare link to the job brings its settings back.
    again = page(tmp_path, job=job.id)
    assert again.session_state["label_noise"] == 30
    assert again.session_state["cells"] == "8"


def test_the_map_is_shown_with_its_best_cell(page, tmp_path):
    config = PhaseConfig()
    save_phases(made(config), tmp_path)
    opened = page(tmp_path)
    assert not opened.error
    assert "Best: 98.0 % at ρ = 0.38" in said(opened)
    # The best cell is 8 points above SGD's best; twelve cells drawn from the 144 reach 1.9 points above it on average.
    draws = np.random.default_rng(0)
    cells = np.nan_to_num(made(config).validation_accuracy[..., 0]).ravel()
    fair = np.mean([draws.choice(cells, config.n_rates, replace=False).max() for _ in range(20_000)]) - 0.9
    assert fair == pytest.approx(0.019, abs=0.0005)
    assert "With as many tries as SGD (12 runs each, equal gradients) the ball's best is 1.9 points more" in said(
        opened
    )
    assert set(drawn(opened)) == {"network_map", "along"}


@pytest.mark.parametrize("quantity", ["train_loss", "diverged", "penetration"])
def test_every_colour_can_be_chosen(page, tmp_path, quantity):
    save_phases(made(PhaseConfig()), tmp_path)
    opened = page(tmp_path, quantity=quantity)
    assert not opened.error


def test_a_link_names_the_cell_and_a_bad_one_is_said(page, tmp_path):
    save_phases(made(PhaseConfig()), tmp_path)
    opened = page(tmp_path, cell="29,0.011")
    head = next(h.proto.body for h in opened.get("html") if "cell-head" in h.proto.body and "cell-read" in h.proto.body)
    assert "ρ = 30, η = 0.01" in plain(head)
    assert "got '5,banana'" in page(tmp_path, cell="5,banana").error[0].value


def test_bad_ranges_are_said(page, tmp_path):
    opened = page(tmp_path, radius_low="5", radius_high="2")
    assert "ρ to must be larger than ρ from, got 5 to 2" in opened.error[0].value


def test_a_damaged_map_is_said(page, tmp_path):
    file = save_phases(made(PhaseConfig()), tmp_path)
    file.write_bytes(b"nothing")
    assert "cannot be read" in page(tmp_path).error[0].value


@pytest.mark.parametrize("projection", ["newton", "gradient"])
def test_a_cell_opens_on_train_with_its_settings(monkeypatch, tmp_path, projection):
    method = Method.of("rbo", projection=projection, n_projection_steps=3, loss_scale=2.0)
    config = PhaseConfig(train=TrainConfig(method=method, epochs=4, label_noise=0.2, schedule="constant"), seeds=2)
    query = network_phases_view.train_query(dataclasses.replace(made(config), gradients=240), 0.25, 1.5)
    monkeypatch.setenv("RBO_DATA_DIR", str(tmp_path))
    train = AppTest.from_file(str(PAGES / "5_Train.py"), default_timeout=60)
    for name, value in query.items():
        train.query_params[name] = value
    train.run()
    assert not train.exception
    assert not train.error
    racer = "rbo" if projection == "newton" else "published"
    state = train.session_state
    assert state["methods"] == [racer, "sgd"]
    assert state["sgd_lr"] == 1.5
    assert state[f"{racer}_radius"] == 0.25
    assert state[f"{racer}_lr"] == 1.5
    assert state[f"{racer}_loss_scale"] == 2.0
    assert (state["gradients"], state["label_noise"], state["schedule"], state["seeds"]) == (240, 20, "constant", 2)


def test_the_sentence_claims_no_difference_within_the_error():
    result = made(PhaseConfig())
    result.point_accuracy[:] = 0.918
    text = network_phases_view.beside_sgd(result, network_regimes(result))
    assert "the two do as well" in text
    assert "one seed" in text


@pytest.mark.parametrize(
    ("by_radius", "words"),
    [
        ((0.970, 0.990, 0.975, 0.978), "Here the radius hardly matters. With its best η every radius reaches 97.0 %"),
        ((0.60, 0.98, 0.97, 0.50), "The radius matters. Best from ρ = 0.14 to 2.1; outside, with its best η, one loses "
                                   "up to 48.0 points"),
        ((0.97, 0.98, 0.80, 0.70), "Large radii do worse. Up to ρ = 0.14 all do as well"),
        ((0.60, 0.70, 0.97, 0.98), "Small radii do worse. From ρ = 2.1 on all do as well"),
        ((0.11, 0.13, 0.10, 0.09), "Nothing was learnt here: the best of 12 networks, 13.0 %, is what guessing"),
    ],
)  # fmt: skip
def test_the_headline_says_what_a_planted_map_says_and_its_picture_too(by_radius, words):
    config = PhaseConfig(n_radii=4, n_rates=3)
    accuracy = (np.array(by_radius)[:, None] * np.array([0.9, 1.0, 0.95]))[..., None]
    result = dataclasses.replace(
        made(config), validation_accuracy=accuracy, diverged=np.zeros(accuracy.shape, bool), train_loss=1 - accuracy
    )
    told = network_regimes(result)
    text = plain(network_phases_view.headline(result, told)).replace("\N{NO-BREAK SPACE}", " ")
    assert words in text
    notes = {note.text for note in phases_figure(result, told, "validation_accuracy", dark=False).layout.annotations}
    assert ("every radius does as well" in notes) == text.startswith("Here")
    assert bool(notes & {"macroscopic", "macro"}) == (told.verdict in ("small", "large", "band"))


def test_a_map_half_trained_is_shown_and_can_go_on(page, tmp_path, queue):
    save_phases(half(PhaseConfig()), tmp_path)
    opened = page(tmp_path, cell="0.0207,1.06")
    assert "So far, 72 of 144 cells" in said(opened)
    head = next(h.proto.body for h in opened.get("html") if 'class="cell-head"' in h.proto.body)
    assert "not trained yet" in plain(head)
    (shown,) = drawn(opened)["network_map"]
    clicks = next(trace for trace in shown["data"] if trace.get("name") == CLICKS)
    assert clicks["text"].count("not computed yet") == 72
    assert opened.button(key="compute").label.startswith("Go on: the other 72 networks, about ")
    opened.button(key="compute").click().run()
    assert opened.query_params["job"] in (queue.jobs()[0].id, [queue.jobs()[0].id])
    # Another map has no part of it, and of that job only a line; back at these settings it is there again.
    other = page(tmp_path, job=queue.jobs()[0].id, epochs="3")
    assert "Not trained yet: 144 networks" in said(other)
    assert "job" not in other.query_params
    assert "1 other job in the queue" in [one.label for one in other.expander]


def test_settings_without_a_map_show_its_grid_and_how_long_it_takes(page, tmp_path):
    opened = page(tmp_path, cells="8", epochs="2")
    assert "Not trained yet: 64 networks" in said(opened)
    assert re.fullmatch(r"Train the map, about \d+ s", opened.button(key="compute").label)
    (shown,) = drawn(opened)["network_map"]
    assert {"frontier of stability", "not trained yet"} <= {trace.get("name") for trace in shown["data"]}


def test_a_cells_state_is_told_in_words():
    result = made(PhaseConfig())
    told = network_regimes(result)
    states = {cell: network_phases_view.cell_state(result, told, *cell) for cell in ((5, 9), (5, 0), (5, 11), (5, 8))}
    assert states == {
        (5, 9): "the best cell", (5, 0): "too slow: a larger η learns more in as many gradients",
        (5, 11): "unstable: a smaller η learns", (5, 8): "learns",
    }  # fmt: skip


def test_the_table_has_one_row_a_network():
    result = made(PhaseConfig(n_radii=12, n_rates=12, seeds=3))
    table = pd.read_csv(io.StringIO(network_phases_view.cells_table(result).to_csv(index=False)))
    assert len(table) == 12 * 12 * 3
    row = table[(table.seed == 2) & np.isclose(table.radius, result.config.radii[5])
                & np.isclose(table.learning_rate, result.config.rates[9])]  # fmt: skip
    assert row.validation_accuracy.item() == pytest.approx(0.98)


def test_the_shipped_map_is_what_the_optimizers_of_today_do():
    result = network_examples.phases(PhaseConfig())
    i, j = network_regimes(result).best
    config = result.config
    method = Method.of("rbo", radius=float(config.radii[i]), lr=float(config.rates[j]))
    run = run_training(TrainConfig(method=method, diagnostics="none"))
    # Other machines sum in another order, and training amplifies it: three of 100 images more or less are no news.
    assert run.summary["validation_accuracy"] == pytest.approx(result.validation_accuracy[i, j, 0], abs=0.03)
