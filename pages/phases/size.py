"""The tab Finite size: ever finer wrinkles, by crests' lifetimes at once and by balls when somebody rolls them."""

from __future__ import annotations

import time

import streamlit as st

import landscapes
from pages.phases import compute
from pages.shared import background, plots
from pages.shared.compiling import compile_first
from pages.shared.controls import toggle
from pages.shared.page import cached, is_dark, show_error
from pages.shared.reports import heard
from rbo_core.figures.finite_size import finite_size_figure
from rbo_core.sweep.engine import Chunk
from rbo_core.sweep.engine import compute as roll
from rbo_core.sweep.finite_size import (
    LIMIT,
    FiniteSize,
    FiniteSizeResult,
    ball_steps_left,
    predict,
    stored_finite_size,
)

KEY = "sweep:finite-size"
COMMAND = ("sweep", "finite-size", "--json")
GLANCE = 5
"""Every which cell of the coarsest width tells how fast balls roll here."""
LOADING = 3.0
"""Seconds until a job's process computes."""


def finite_size() -> None:
    """One sentence, the experiment if it is wanted, and what it found."""
    st.caption(
        "On a bowl whose wrinkles get ever finer and keep their shape, a ball's transition goes to one radius, "
        f"ρ_c = {LIMIT:.2f} w, and sharpens like w."
    )
    if not toggle("show the experiment", "finite_size"):
        return
    result = _result()
    plots.show([finite_size_figure(result, is_dark())], key="finite_size_figure")
    st.caption(finite_size_words(result))
    if not result.complete:
        _roll(result)


def finite_size_words(result: FiniteSizeResult) -> str:
    """The findings in words: the balls', where they rolled, beside the lifetimes'."""
    limit, power = result.limit(result.predicted), result.exponent(result.predicted)
    sharpens = result.spread_exponent(result.predicted)
    words = (
        f"Bowl x²/4, wrinkles ½w cos(2πx/w + φ), {result.recipe.phases} phases φ. By the crests' lifetimes: "
        f"limit {limit.value:.2f} ({limit.low:.2f} to {limit.high:.2f}), ρ_c ~ w^{power.value:.3f} "
        f"({power.low:.3f} to {power.high:.3f}), spread ~ w^{sharpens.value:.2f} "
        f"({sharpens.low:.2f} to {sharpens.high:.2f}), 95 %, the part that vanishes with w taken out."
    )
    if result.measured is None:
        return words
    if not result.complete:
        return f"{words} Dots, balls: {len(result.curves)} of {result.recipe.rolled} widths so far."
    rolled = result.exponent(result.measured)
    return f"{words} Dots, balls: ρ_c ~ w^{rolled.value:.3f} ({rolled.low:.3f} to {rolled.high:.3f})."


def _result() -> FiniteSizeResult:
    recipe = FiniteSize()
    return stored_finite_size(recipe, compute.store(), landscapes.get, _predicted(recipe))


@cached
def _predicted(recipe: FiniteSize) -> FiniteSizeResult:
    return predict(recipe, landscapes.get)


@cached
def _pace(recipe: FiniteSize) -> float:
    """Steps of balls a second, on some cells of the coarsest width."""
    first = recipe.sweeps[0]
    some = Chunk(first, tuple(range(GLANCE // 2, first.cells, GLANCE)), landscapes.get)
    compile_first(lambda: roll(Chunk(first, some.cells[:2], landscapes.get)), "finite_size")
    begin = time.perf_counter()
    roll(some)
    return len(some.cells) * first.balls * float(first.steps or 0) / (time.perf_counter() - begin)


def _label(recipe: FiniteSize) -> str:
    """What the button says: what is to roll, and how long it takes."""
    left = ball_steps_left(recipe, compute.store())
    begun = compute.store().count(recipe.sweeps[0].id) > 0
    words = "Go on rolling" if begun else "Roll the balls that check it"
    return f"{words}, about {background.clock(left / _pace(recipe) + LOADING)}"


def _roll(drawn: FiniteSizeResult) -> None:
    """Offer to roll the balls, or show how far they are. drawn: what the page shows of them."""
    recipe, active = drawn.recipe, background.job_of(KEY)
    if active is None:
        if not st.button(_label(recipe), key="roll_finite_size", on_click=heard("roll_finite_size")):
            return
        try:
            active = background.queue().submit(
                "sweep", COMMAND, owner=background.visitor(), title="Finite size: three widths of wrinkles", key=KEY
            )
        except ValueError as error:
            show_error(error)
            return

    def radii(result: FiniteSizeResult) -> int:
        return sum(len(curve.relative) for curve in result.curves)

    background.follow(
        active.id,
        lambda: radii(stored_finite_size(recipe, compute.store(), landscapes.get, drawn)) > radii(drawn),
    )
