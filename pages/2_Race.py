"""Race: balls of several sizes and their rivals on a surface of two parameters."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

import rbo_core
from pages.player import player
from pages.race import against, starts
from pages.race.balls import more_balls, second
from pages.race.basins import basins_of
from pages.race.table import COLUMNS, paths_table, readable, result_table
from pages.shared import plots, step
from pages.shared.asked import ask, offered, start_from
from pages.shared.controls import choice, toggle
from pages.shared.downloads import download
from pages.shared.page import group, how_it_works, is_dark, link, open_page, put_away, sentence
from pages.shared.radius import set_radius, show_strip
from pages.shared.scenes import scene
from pages.shared.take_away import take_away
from pages.shared.widgets import fold
from rbo_core.figures.player.build import Look
from rbo_core.figures.player.racers import entries
from rbo_core.figures.player.story import race_story
from rbo_core.figures.player.track import Track
from rbo_core.figures.race import STARTS, BasinMap

EXPLANATION = r"""
All racers begin at the same point with the same seed. Balls are drawn at their true size: heights and parameters share
one scale, unless the landscape is far taller than wide (then the picture says by how much heights are compressed).

**Follow one step** takes any step of the first ball's run, cuts the surface through the ball's contact and centre, and
shows the step in slow motion. With
$g=\nabla f$, the centre $c=p+\rho\nu$ moves to $\tilde c=c-\eta\tau$. Then each projection looks for the new contact:

- **Rigid**: the highest place at which the ball over $\tilde\theta$ touches; it searches the whole disc.
- **Exact argmin**: the definition itself, $p^+=\operatorname{argmin}_{p\in\Gamma}|p-\tilde c|$, found by looking at all
  points. It sinks in too: the new centre stands on the normal of $p^+$, where other ground may be nearer than $\rho$.
- **Newton**: $z\leftarrow\tilde\theta-g\,r/(1+|g|^2)$ with $r=f(z)+g\cdot(\tilde\theta-z)-\tilde y$. Its first move is
  gradient descent, whatever the radius is; the second feels the ball.
- **Gradient**: $z\leftarrow z-\gamma[(z-\tilde\theta)+(f(z)-\tilde y)\nabla f(z)]$, $K$ times. With the small $\gamma$
  that is usual it stays close to where it began: the contact is not the nearest point, so the ball sinks in. The red
  line at the end leads from the centre to ground that is nearer than $\rho$.

**Many starts** rolls a lattice of starts as one batch. A start is coloured when it ends in the *flooded basin*:
flood the landscape until its lowest tenth is under water; the lake that holds the global minimum, with its islands, is
the basin. A ball counts when its centre or one of its contacts is over it. *Roll them at every radius* repeats the
ball's map at twelve radii, with a slider through those that are done.

**Try**
- Race balls of radius 0.1, 0.4 and 1.6: only the large ones cross the wrinkles.
- Put *gradient evaluations* on the loss axis: the rigid ball needs none, but it looks at many heights.
- Let the first ball take the *exact argmin* at ρ = 0.1, η = 0.002 and follow its step 20: the definition itself sinks.
- Turn on *what the ball sees* and look at the ironed sheet from the side.
"""

# What a mode has no use for: it keeps its settings, out of sight.
UNUSED = {"race": (), "step": ("race_balls", "race_picture", "rivals_group"), "starts": ("race_balls", "race_picture")}

open_page("Race", "Watch who gets past the wrinkles. All start at the same point; balls are drawn at true size.")

modes = {"race": "Race", "step": "Follow one step", "starts": "Many starts"}
mode = choice("What to look at", "mode", modes, kind="segmented", quiet=True)
with st.sidebar:
    asked = ask(dim=2, steps=1000, begins={"radii": second})
    with asked.ball_place, st.container(key="race_balls"):
        more = more_balls(asked.surface)
with st.sidebar.container(key="race_picture"):
    group("Picture")
    look = Look(
        ironed=toggle("what the ball sees", "ironed", help="The surface as ironed by the first ball."),
        contour=toggle("contour map", "contour", True),
        curve=choice("curves show", "curve", {"loss": "Loss", "distance": "Distance", "penetration": "Penetration"}),
        axis=choice(
            "against", "axis", {"step": "Steps", "gradients": "Gradients", "milliseconds": "ms"}, kind="segmented"
        ),
    )

surface, ball = asked.surface, asked.ball
put_away(*UNUSED[mode])
if mode == "race":
    balls = [replace(ball, radius=radius) for radius in dict.fromkeys((float(ball.radius), *more))]
    methods = (*balls, *asked.rivals)
    tracks = asked.tracks(methods)
    raced = entries(tracks, is_dark())
    look = replace(look, radius=offered(asked, tracks))
    shown = scene(surface, raced, look)
    player(shown, key="race_player", height=520, on_click=start_from(surface), on_radius=set_radius)
    ends = " ".join(f"{entry.track.name}:{entry.track.loss[-1]:.9g}" for entry in raced)
    sentence(race_story(raced, surface.finest_scale), ends=ends)
    results = result_table(raced, basins_of(surface), surface.finest_scale)
    with fold("All numbers", "numbers"):
        st.dataframe(readable(results), hide_index=True, key="results", column_config=COLUMNS)
    with st.container(horizontal=True):
        download("Download table (CSV)", lambda: results, f"race_{surface.name}.csv", "download_table")
        download("Download paths (CSV)", lambda: paths_table(raced), f"race_{surface.name}_paths.csv", "download_paths")
        take_away(asked.takings(raced, methods, look))
    if look.radius is not None:
        points = [entry for entry in raced if entry.track.center is None]

        def told_with(run: Track) -> str:
            return race_story(entries([run, *tracks[1:]], is_dark()), surface.finest_scale)

        show_strip(surface, asked.roll, points, told_with, "race_player")
elif mode == "step":
    step.show(asked, "step_player")
else:
    chosen = {method.name: method for method in asked.rivals}
    sgd = chosen.get("sgd", rbo_core.SGD(learning_rate=0.01, gradient_noise=asked.noise))
    sam = chosen.get("sam", rbo_core.SAM(learning_rate=0.01, gradient_noise=asked.noise))
    controls_of_maps = st.container()
    # What a run of the page has put into an empty place goes when the next one begins: only maps that grow need that.
    place_of_maps = st.empty() if st.session_state.get("starts_run") else st.container()

    def draw(known: Sequence[BasinMap], growing: bool = True) -> None:
        """The maps side by side; while they grow, each time as another element."""
        figures = starts.figures(surface, known, is_dark())
        part = f"_{known[0].rolled.sum()}" if growing else ""
        with place_of_maps.container():
            for column, one, figure in zip(st.columns(len(known)), known, figures, strict=True):
                name = f"basin_map_{one.label}{part}"
                column.plotly_chart(figure, key=name, config={"displayModeBar": False}, theme=None)

    with controls_of_maps:
        maps = starts.maps(surface, (ball, sgd, sam), asked.seed, draw)
    if maps:
        draw(maps, growing=False)
        sentence(starts.said(maps), fractions=" ".join(f"{one.fraction:.4f}" for one in maps))
    at_radii, growing = against.maps(surface, ball, asked.seed)
    if at_radii.maps:
        place = f"_start_{surface.name}"
        stack, stages = against.stack(at_radii, is_dark())
        click = plots.show([stack], key="radius_maps", clicks=STARTS, stages=stages)
        if click is not None:
            st.session_state[place] = click
        if words := against.said(at_radii.maps):
            sentence(words)
        if place in st.session_state:
            link("Race", *against.race_of(surface, ball, against.radii_of(surface), st.session_state[place]))
how_it_works(EXPLANATION)
if mode == "starts" and growing is not None:
    against.grow(at_radii, growing)  # last, so that all of the page stands meanwhile
