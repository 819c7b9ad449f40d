"""The first visitor of a machine on which nothing is compiled yet waits only for what is needed, and is told."""

from __future__ import annotations

import threading
from contextlib import contextmanager, nullcontext

import pytest

import landscapes
import rbo_core
from pages.shared import asked, compiling, controls, radius
from rbo_core.figures.player.radii import Roll


@pytest.mark.parametrize("dim", [1, 2])
def test_the_list_of_surfaces_builds_none(monkeypatch: pytest.MonkeyPatch, dim: int) -> None:
    titles = {name: landscapes.get(name, dim=dim).title for name in landscapes.names(dim)}

    def built(*_: object, **__: object) -> None:
        raise AssertionError("a formula's kernel takes seconds to compile")

    monkeypatch.setattr(controls, "get_surface", built)
    monkeypatch.setattr("landscapes.registry.get", built)
    monkeypatch.setattr("landscapes.get", built)
    controls.surface_titles.clear()
    assert controls.surface_titles(dim) == titles


def test_who_waits_for_a_compiler_is_told_and_only_the_first_time(monkeypatch: pytest.MonkeyPatch) -> None:
    said = []

    @contextmanager
    def spinner(words: str, show_time: bool = False):
        said.append(words)
        yield

    monkeypatch.setattr(compiling.st, "spinner", spinner)
    monkeypatch.setattr(compiling, "_COMPILED", set())
    with pytest.raises(ValueError, match="refused"), compiling.compiling("iron", 1):
        raise ValueError("refused")
    assert not compiling.compiled("iron", 1)  # nothing ran: the next one waits, too
    for kernels in (("iron", 1), ("iron", 1), ("iron", 2)):
        with compiling.compiling(*kernels):
            pass
        assert compiling.compiled(*kernels)
    assert len(said) == 3 and all("Compiling" in words for words in said)


def test_who_wants_something_else_meanwhile_is_heard_and_the_compiling_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    class AnotherWish(Exception):
        """As Streamlit ends a run of the page."""

    class Session:
        def get(self, _: str) -> None:
            raise AnotherWish

    released, calls = threading.Event(), []

    def work() -> None:
        calls.append(released.wait(60))
        if len(calls) == 1:
            raise ValueError("refused")

    monkeypatch.setattr(compiling.st, "spinner", lambda *_, **__: nullcontext())
    monkeypatch.setattr(compiling, "_COMPILED", set())
    monkeypatch.setattr(compiling, "LOOK", 0.001)
    with monkeypatch.context() as patched, pytest.raises(AnotherWish):
        patched.setattr(compiling.st, "session_state", Session())
        compiling.compile_first(work, "a kernel")
    assert not compiling.compiled("a kernel")
    released.set()
    with pytest.raises(ValueError, match="refused"):
        compiling.compile_first(work, "a kernel")  # joins what is under way
    assert calls == [True]
    compiling.compile_first(work, "a kernel")  # and is tried again
    compiling.compile_first(work, "a kernel")
    assert compiling.compiled("a kernel") and len(calls) == 2


def test_compiling_takes_no_racer_out_of_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, costs, said = [0.0], {"prepare": 20.0, "run_on": 1.0}, []

    def spend(name: str):
        def call(*_: object) -> str:
            clock[0] += costs[name]
            return name

        return call

    for name in costs:
        monkeypatch.setattr(asked, name, spend(name))
    monkeypatch.setattr(asked, "show_error", said.append)
    monkeypatch.setattr(asked.time, "thread_time", lambda: clock[0])
    surface = landscapes.get("wrinkled_bowl", dim=2)
    methods = (rbo_core.RBO(), rbo_core.SGD(), rbo_core.SAM())
    wanted = asked.Asked(surface, tuple(surface.start), methods[0], methods[1:], 100, 0.0, 0, None)
    assert wanted.tracks(methods) == ["run_on"] * 3 and not said
    costs.update(prepare=0.0, run_on=asked.ALL_RUNS + 1)
    assert wanted.tracks(methods) == ["run_on"]
    assert said == ["2 more runs are left out; take fewer steps or racers"]


def test_compiling_leaves_no_strip_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the first call of the batch takes longer than a page gives it, the second one fills the strip."""
    calls, shown = [], []

    def rolled(surface: landscapes.Landscape, roll: Roll, progress: object = None) -> tuple[()]:
        calls.append((roll.steps, progress is None))
        return ()

    def packed(*_: object) -> bytes:
        assert calls, "nothing is compiled yet"
        return b"strip"

    monkeypatch.setattr(compiling, "_COMPILED", set())
    monkeypatch.setattr(radius, "rolled", rolled)
    monkeypatch.setattr(radius, "packed_strip", packed)
    monkeypatch.setattr(radius, "radius_strip", lambda packed, key: shown.append(packed))
    surface = landscapes.get("wrinkled_bowl", dim=1)
    for _ in range(2):
        radius.show_strip(surface, Roll(rbo_core.RBO(), (-2.6,), 900), (), str, "player")
    assert calls == [(900, True)]
    assert shown == [b"strip", b"strip"]
