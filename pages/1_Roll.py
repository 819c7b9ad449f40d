"""Roll: a ball and its rivals on a curve, at true scale."""

from dataclasses import replace

import streamlit as st

from pages.player import player
from pages.roll import breath
from pages.roll.crest import held_by
from pages.roll.presets import ROLL, preset_row, story_asked
from pages.shared import step
from pages.shared.asked import ask, offered, start_from
from pages.shared.controls import choice, toggle
from pages.shared.downloads import download
from pages.shared.drawing import drawable, set_drawing, take_draft
from pages.shared.page import group, how_it_works, is_dark, open_page, sentence
from pages.shared.radius import set_radius, show_strip
from pages.shared.scenes import scene
from pages.shared.take_away import take_away
from pages.shared.terms import term
from rbo_core.figures.player.build import Look, loss_scale
from rbo_core.figures.player.racers import entries
from rbo_core.figures.player.story import story
from rbo_core.figures.player.table import steps_table
from rbo_core.figures.player.track import Track

EXPLANATION = r"""
**The ball.** It rests on the graph of the loss at the contact $p=(\theta, f(\theta))$. With $g=\nabla f(\theta)$ its
centre is
$$c = p + \rho\,\nu,\qquad \nu = \frac{(-g,\,1)}{\sqrt{1+|g|^2}} .$$

**A step** moves the centre down the steepest tangent, $\tilde c = c-\eta\,\tau$ with $\tau=(g,\,|g|^2)$, and finds the
new contact, the footpoint of $\tilde c=(\tilde\theta,\tilde y)$:

- **Rigid** (exact; what rolls here unless you choose another, at unit speed): the centre stays on the offset surface
  $h(\theta)=\max_{|u|\le\rho}\, f(\theta+u)+\sqrt{\rho^2-|u|^2}$ and goes down its slope, so the ball never enters the
  ground; where two walls tie, it rests. It looks at heights only and needs no gradient.
- **Newton**: replace the ground by its tangent plane and take that plane's nearest point; two gradients a step.
- **Gradient** (as published): $z \leftarrow z-\gamma\,[(z-\tilde\theta)+(f(z)-\tilde y)\nabla f(z)]$, $K$ times; $K$
  gradients a step.
- **Exact argmin**: the definition itself, the nearest point of all. It sinks in too; *Follow one step* shows why.

**Penetration** is $(\rho-d(c,\Gamma))/\rho$, measured against a dense scan of the curve: how deep the ball has
sunk into the ground. The published projection sinks deeply on rough curves; the rigid ball does not.

**Try**
- Shorten the radius from 0.4 to 0.2: the ball stops soon after its start. Give it momentum 0.8 and it escapes.
- Switch the projection to *Gradient (paper)* on the Weierstrass-like curve and watch the penetration.
- Let it *breathe*: growing, it is let go by one crest after the other; shrinking, it does not come back.
- Let everyone pay the same: put *gradient evaluations* on the axis of the loss.
- Click on the curve to start there. The address of this page always holds the run you see.
"""

open_page(
    "Roll",
    f"Watch which wrinkles hold whom: a ball of radius {term('ρ')} enters none narrower than itself.",
)

draft = take_draft()
with st.sidebar:
    asked = ask(dim=1, steps=900)
    group("Picture")
    ironed = toggle("what the ball sees", "ironed", help="The curve ironed at this radius, and what it cannot touch.")
    mode = choice("look at", "mode", {"run": "The run", "step": "Follow one step"}, kind="segmented")
    axis = choice("loss against", "axis", {"step": "Steps", "gradients": "Gradients"}, kind="segmented")

preset_row(ROLL)
with asked.ball_place:
    asked = replace(asked, breath=breath.controls(asked))
if mode == "step":
    step.show(asked, "roll_step_player")
    how_it_works(EXPLANATION)
    st.stop()
surface = asked.surface
methods = (asked.ball, *asked.rivals)
tracks = asked.tracks(methods)
raced = entries(tracks)
radii = offered(asked, tracks) if asked.breath is None else None
look = Look(axis=axis, ironed=ironed, radius=radii, story=story_asked())
player(
    drawable(scene(surface, raced, look), surface, live=True, draft=draft, loss_scale=loss_scale(tracks)),
    key="roll_player",
    height=490,
    on_click=start_from(surface),
    on_radius=set_radius,
    on_draw=set_drawing,
)
ends = " ".join(f"{track.name}:{track.place[-1, 0]:.9g}" for track in tracks)
breathes = bool(tracks) and tracks[0].breathes and not draft


def told(run: Track) -> str:
    """The sentence with this run of the ball in it."""
    said = story([run, *tracks[1:]], surface.finest_scale)
    return said if draft else said + breath.told(run, surface) + held_by(run, run.method, surface)


ball_rolls = bool(tracks) and tracks[0].center is not None
sentence(told(tracks[0]) if ball_rolls else story(tracks, surface.finest_scale), ends=ends)
if breathes:
    breath.show_loop(tracks[0], surface, is_dark())
with st.container(horizontal=True, key="take_away"):
    named = [(track.name, track) for track in tracks]
    download("Download CSV", lambda: steps_table(named), f"roll_{surface.name}.csv", "download", disabled=not tracks)
    take_away(asked.takings(raced, methods, look))
how_it_works(EXPLANATION)
if look.radius is not None and not draft:
    show_strip(surface, asked.roll, raced[1:], told, "roll_player")
