"""Race: balls of several sizes and their rivals on a surface of two parameters."""

from dataclasses import replace

import numpy as np
import streamlit as st

import rbo_core
from pages.player import Click, player
from pages.race.basins import basins_of
from pages.race.starts import show_many_starts
from pages.race.table import DEEPEST, parse_radii, paths_table, result_table
from pages.shared.controls import (
    URL,
    choice,
    method_controls,
    noise_controls,
    number,
    rival_controls,
    set_start,
    short,
    surface_picker,
    toggle,
)
from pages.shared.downloads import download
from pages.shared.page import group, how_it_works, is_dark, open_page, sentence, show_error
from pages.shared.scenes import scene
from pages.shared.tracks import run_on
from rbo_core.figures.player.build import Look
from rbo_core.figures.player.racers import entries
from rbo_core.figures.player.step import explain, section_through, step_scene
from rbo_core.figures.player.story import race_story
from rbo_core.figures.player.track import Track

EXPLANATION = r"""
All racers begin at the same point with the same seed. Balls are drawn at their true size: heights and parameters share
one scale, unless the landscape is far taller than wide (then the picture says by how much heights are compressed).

**Follow one step** takes any step of the first ball's run, cuts the surface through the ball's contact and centre, and
shows the step in slow motion. With
$g=\nabla f$, the centre $c=p+\rho\nu$ moves to $\tilde c=c-\eta\tau$. Then each projection looks for the new contact:

- **Rigid**: the highest place at which the ball over $\tilde\theta$ touches; it searches the whole disc.
- **Newton**: $z\leftarrow\tilde\theta-g\,r/(1+|g|^2)$ with $r=f(z)+g\cdot(\tilde\theta-z)-\tilde y$. Its first move is
  gradient descent, whatever the radius is; the second feels the ball.
- **Gradient**: $z\leftarrow z-\gamma[(z-\tilde\theta)+(f(z)-\tilde y)\nabla f(z)]$, $K$ times. With the small $\gamma$
  that is usual it stays close to where it began: the contact is not the nearest point, so the ball sinks in. The red
  line at the end leads from the centre to ground that is nearer than $\rho$.

**Many starts** rolls a lattice of starts as one batch. A start is coloured when it ends in the *flooded basin*:
flood the landscape until its lowest tenth is under water; the lake that holds the global minimum, with its islands, is
the basin. A ball counts when its centre or one of its contacts is over it.

**Try**
- Race balls of radius 0.1, 0.4 and 1.6: only the large ones cross the wrinkles.
- Put *gradient evaluations* on the loss axis: the rigid ball needs none, but it looks at many heights.
- Turn on *what the ball sees* and look at the ironed sheet from the side.
"""

open_page("Race", "Watch who gets past the wrinkles. All start at the same point; balls are drawn at true size.")

with st.sidebar:
    group("Surface")
    surface = surface_picker(dim=2)
    start = tuple(
        number(
            f"start {name}",
            key,
            float(surface.start[axis]),
            float(surface.bounds[axis, 0]),
            float(surface.bounds[axis, 1]),
            step=float(surface.bounds[axis, 1] - surface.bounds[axis, 0]) / 500,
            help="Or click on the surface or the map.",
        )
        for axis, (name, key) in enumerate((("θ₁", "start_x"), ("θ₂", "start_y")))
    )
    group("Balls")
    ball_box = st.container()
    group("Rivals")
    rivals_box = st.container()
    with st.expander("Steps, noise and seed"):
        steps = int(number("steps", "steps", 1000, 10, 5000, integer=True, log=True))
        noise, seed = noise_controls()
    with ball_box:
        ball = method_controls("rbo", dim=2, noise=noise)
        typed = st.text_input(
            "more balls of radius", "1.6", key="radii", bind=URL, help="Radii with commas between them: 0.1, 1.6"
        )
        try:
            more = parse_radii(typed)
        except ValueError as error:
            show_error(error)
            more = ()
    with rivals_box:
        rivals = rival_controls(("sgd", "sam"), noise=noise)
    group("Picture")
    ironed = toggle("what the ball sees", "ironed", help="The surface as ironed by the first ball.")
    contour = toggle("contour map", "contour", True)
    curve = choice("curves show", "curve", {"loss": "Loss", "distance": "Distance", "penetration": "Penetration"})
    axis = choice(
        "against", "axis", {"step": "Steps", "gradients": "Gradients", "milliseconds": "ms"}, kind="segmented"
    )

COLUMNS = {
    "final loss": st.column_config.NumberColumn(format="%.4g"),
    "distance to the minimum": st.column_config.NumberColumn("to the minimum", format="%.3f"),
    "value evaluations": st.column_config.NumberColumn("values", help="Heights looked at by a rigid ball."),
    DEEPEST: st.column_config.TextColumn(
        "sank in by", help="The deepest penetration of a ball, in percent of its radius.", alignment="right"
    ),
    "milliseconds": st.column_config.NumberColumn("ms", format="%.1f"),
    "in the flooded basin": st.column_config.CheckboxColumn("flooded basin"),
}

mode = choice(
    "What to look at",
    "mode",
    {"race": "Race", "step": "Follow one step", "starts": "Many starts"},
    kind="segmented",
)


def measured_steps(method: object) -> int | None:
    """At how many steps the penetration is measured: of a rigid ball, which cannot sink in, here and there."""
    return 24 if getattr(method, "projection", "") == "rigid" else None


def race() -> list[Track]:
    """Every racer's run; what `trace` refuses is said in place."""
    radii = dict.fromkeys((float(ball.radius), *more))
    runs = []
    for method in (*(replace(ball, radius=radius) for radius in radii), *rivals):
        try:
            runs.append(run_on(surface, method, start, steps, seed, measured_steps(method)))
        except ValueError as error:
            show_error(error)
    return runs


def start_at(click: Click) -> None:
    """All racers start where the visitor clicked."""
    set_start(surface, np.clip(np.round(click.x, 3), *surface.bounds.T))


def show_race() -> None:
    """The 3-D scene, what happened, and the table."""
    raced = entries(race(), is_dark())
    look = Look(axis=axis, curve=curve, ironed=ironed, contour=contour)
    player(scene(surface, raced, look), key="race_player", height=520, on_click=start_at)
    ends = " ".join(f"{entry.track.name}:{entry.track.loss[-1]:.9g}" for entry in raced)
    sentence(race_story(raced, surface.finest_scale), ends=ends)
    results = result_table(raced, basins_of(surface))
    depth = results[DEEPEST]
    shown = results.assign(**{DEEPEST: ["–" if np.isnan(value) else f"{value:.1f} %" for value in depth]})
    st.dataframe(shown, hide_index=True, key="results", column_config=COLUMNS)
    with st.container(horizontal=True):
        download("Download table (CSV)", lambda: results, f"race_{surface.name}.csv", "download_table")
        download("Download paths (CSV)", lambda: paths_table(raced), f"race_{surface.name}_paths.csv", "download_paths")


def show_step() -> None:
    """One step in slow motion under the three projections."""
    columns = st.columns(4)
    with columns[0]:
        wanted = int(number("step of the ball's run", "step_number", 5, 1, steps, integer=True, log=True))
    with columns[1]:
        share = number("length of the step, in radii", "step_length", 0.6, 0.05, 1.5)
    with columns[2]:
        count = int(number("gradient: K", "step_k", 20, 1, 100, integer=True))
    with columns[3]:
        gamma = number("gradient: γ", "step_gamma", 0.05, 0.001, 1.0, log=True)
    try:
        run = run_on(surface, ball, start, steps, seed, measured_steps(ball))
        at = min(wanted, max(run.stopped_at, 1)) - 1
        section, offset = section_through(surface, run.position[at], run.place[at])
        shown = explain(section, ball, count, gamma, share * float(ball.radius), offset)
    except ValueError as error:
        show_error(error)
        return
    player(step_scene(section, shown), key="step_player", height=440)
    moved = float(np.linalg.norm(run.center[at + 1] - run.center[at])) / float(ball.radius)
    touching = 1 if run.contacts is None else int(np.isfinite(run.contacts[at]).all(axis=1).sum())
    notes = f" In the run this step is {short(float(f'{moved:.2g}'))} ρ long; it is drawn longer to be seen."
    if at + 1 < wanted:
        notes = f" The ball came to an end at step {at + 1}." + notes
    if touching > 1:
        notes += " The ball also touches in front of or behind the picture."
    depths = {each.ball.projection: each.penetration for each in shown}
    sentence(
        f"Step {at + 1}, ended three ways. Penetration: rigid {100 * max(depths['rigid'], 0):.1f} %, "
        f"Newton {100 * max(depths['newton'], 0):.1f} %, gradient {100 * max(depths['gradient'], 0):.1f} % of ρ. "
        f"The picture is the vertical section through contact and centre.{notes}",
        depths=" ".join(f"{name}:{value:.6f}" for name, value in depths.items()),
    )


if mode == "race":
    show_race()
elif mode == "step":
    show_step()
else:
    chosen = {method.name: method for method in rivals}
    sgd = chosen.get("sgd", rbo_core.SGD(learning_rate=0.01, gradient_noise=noise))
    sam = chosen.get("sam", rbo_core.SAM(learning_rate=0.01, gradient_noise=noise))
    show_many_starts(surface, (ball, sgd, sam), seed)
how_it_works(EXPLANATION)
