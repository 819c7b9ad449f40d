"""Whose is it: jobs and runs are ended and deleted by the browser that began them, or by the server's owner."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.shared import background, network_runs
from rbo_core.jobs import CONFIG, Queue
from rbo_core.training import RunStore, TrainConfig

ANN, BOB = "a" * 16, "b" * 16
PAGES = Path(__file__).resolve().parents[2] / "pages"


def seen_by(visitor: str, name: str, **query: str) -> AppTest:
    page = AppTest.from_file(str(PAGES / f"{name}.py"), default_timeout=60)
    page.session_state["_visitor"] = visitor
    for key, value in query.items():
        page.query_params[key] = value
    page.run()
    assert not page.exception
    return page


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A server on which nobody is the owner; its data folder."""
    monkeypatch.setenv("RBO_OWNER", "0")
    monkeypatch.setenv("RBO_DATA_DIR", str(tmp_path))
    return tmp_path


def test_a_job_is_cancelled_by_its_own_browser_only(queue: Queue, strict: Path) -> None:
    job = queue.submit("train", ["train", CONFIG], config=[TrainConfig().to_dict()], owner=ANN, title="Ann's")
    key = f"cancel_{job.id}"
    assert key not in [button.key for button in seen_by(BOB, "5_Train", job=job.id).button]
    page = seen_by(ANN, "5_Train", job=job.id)
    page.button(key=key).click().run()
    assert queue.get(job.id).state == "cancelled"


def test_a_press_that_was_made_up_ends_nothing(queue: Queue, strict: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = queue.submit("train", ["train", CONFIG], config=[], owner=ANN)
    monkeypatch.setattr(background, "visitor", lambda: BOB)
    background.cancel(job.id)
    assert queue.get(job.id).state == "queued"


def test_the_servers_owner_may_end_any_job(queue: Queue, strict: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = queue.submit("train", ["train", CONFIG], config=[TrainConfig().to_dict()], owner=ANN)
    monkeypatch.setenv("RBO_OWNER", "1")
    page = seen_by(BOB, "5_Train", job=job.id)
    page.button(key=f"cancel_{job.id}").click().run()
    assert queue.get(job.id).state == "cancelled"


@pytest.mark.parametrize(("headers", "mine"), [({}, True), ({"X-Forwarded-For": "203.0.113.5"}, False)])
def test_a_browser_on_this_machine_owns_the_server_unless_a_proxy_speaks_for_others(
    headers: dict[str, str], mine: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RBO_OWNER", raising=False)
    context = type("Context", (), {"ip_address": None, "headers": headers})()
    monkeypatch.setattr(background.st, "context", context)
    assert background.is_server_owner() is mine
    context.ip_address = "203.0.113.5"
    assert not background.is_server_owner()


def test_runs_of_others_are_kept(queue: Queue, strict: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RBO_JOB_OWNER", ANN)
    with RunStore() as store:
        run = store.create(TrainConfig())
        store.update(run, "done", summary={"test_accuracy": 0.9})
    permitted: Callable[[str], bool] = lambda owner: owner == BOB  # noqa: E731
    network_runs.delete([run], permitted)
    with RunStore() as store:
        assert store.get(run).owner == ANN
    network_runs.delete([run], lambda owner: owner == ANN)
    with RunStore() as store:
        assert store.list() == []


def test_clearing_the_caches_starts_no_second_dispatcher(strict: Path) -> None:
    """Any browser may send Streamlit's message that clears the caches."""
    first = background.queue()
    st.cache_resource.clear()
    assert background.queue() is first
    background.close(strict)
