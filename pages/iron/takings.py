"""What one takes along from the page Iron."""

from __future__ import annotations

from pages.iron.data import Ironing
from pages.shared.take_away import Takings
from rbo_core.figures.code import iron_code
from rbo_core.figures.player.glide import glide_scene, said
from rbo_core.figures.player.offline import Words, offline_page


def takings(at: Ironing) -> Takings:
    """The page on which the ball glides over the ground, a curve's still, and the script."""
    surface = at.where.surface
    code = iron_code(surface, at.radius, at.where.n, at.where.loss_scale)

    def page() -> str:
        words = Words(f"{surface.title}, ironed", said(at.ironed), (surface.latex,), code)
        return offline_page(glide_scene(at.ironed, f"A ball on {surface.title}"), words)

    def svg() -> bytes:
        from rbo_core.figures.still import as_svg, iron_still  # Matplotlib, for who wants it

        return as_svg(iron_still(at.ironed))

    return Takings(f"iron_{surface.name}", code, page, svg if surface.dim == 1 else None)
