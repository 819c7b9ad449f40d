"""The tab Finite size: ever finer wrinkles, by crests' lifetimes at once and by balls when somebody rolls them."""

from __future__ import annotations

import streamlit as st

import landscapes
from pages.phases import compute
from pages.shared import background, plots
from pages.shared.controls import toggle
from pages.shared.page import cached, is_dark, show_error
from rbo_core.figures.finite_size import finite_size_figure
from rbo_core.sweep.finite_size import LIMIT, FiniteSize, FiniteSizeResult, predict, stored_finite_size

KEY = "sweep:finite-size"
COMMAND = ("sweep", "finite-size", "--json")


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
    if not result.curves:
        _roll()


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
    rolled = result.exponent(result.measured)
    return f"{words} Dots, balls: ρ_c ~ w^{rolled.value:.3f} ({rolled.low:.3f} to {rolled.high:.3f})."


def _result() -> FiniteSizeResult:
    recipe = FiniteSize()
    if compute.store().count(recipe.sweeps[-1].id) == 0:  # the last that a job rolls
        return _predicted(recipe)
    return stored_finite_size(recipe, compute.store(), landscapes.get)


@cached
def _predicted(recipe: FiniteSize) -> FiniteSizeResult:
    return predict(recipe, landscapes.get)


def _roll() -> None:
    """Offer to roll the balls, or show how far they are."""
    active = background.job_of(KEY)
    if active is None:
        if not st.button("Roll the balls that check it, about a minute", key="roll_finite_size"):
            return
        try:
            active = background.queue().submit(
                "sweep", COMMAND, owner=background.visitor(), title="Finite size: three widths of wrinkles", key=KEY
            )
        except ValueError as error:
            show_error(error)
            return
    background.follow(active.id)
