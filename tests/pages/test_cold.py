"""The first visitor of a machine on which nothing is compiled yet waits only for what is needed, and is told."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

import landscapes
from pages.shared import compiling, controls


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
    def spinner(words: str):
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
