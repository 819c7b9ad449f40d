"""Home: what the lab is, one animation that plays by itself, and the ways in."""

import streamlit as st

from pages.home.opening import KEY, computed, opening
from pages.home.warm import warm
from pages.player import played, radius_strip
from pages.shared.numbers import link_number, linked_number
from pages.shared.page import card, link, open_page, page_files, sentence, show_error
from pages.shared.take_away import take_away
from pages.shared.terms import term, told_in

WAYS = {
    "Roll": "See: the ball beside SGD, SAM and others, at true scale, step by step.",
    "Iron": "Iron: the surface as a ball of radius ρ sees it, and what no ball can reach.",
    "Train": "Train: real networks on real data, every optimizer at the same number of gradients.",
}
MORE = ("Race", "Phases", "Network landscape", "Network phases", "Results")
WHY = (
    "<b>Why?</b> A loss is wrinkled at many scales, and a point follows every wrinkle: it stops in the first that "
    f"holds it. A ball of radius {term('ρ')} touches the ground only where it fits, so ρ sets the scale at which the "
    "loss is seen."
)
FORMULA = r"""
$$
p^{+}=\arg\min_{p\in\Gamma}\,\bigl\|\,p-(c-\eta\,\tau)\bigr\|^2,\qquad
c=p+\rho\,\frac{(-g,\,1)}{\sqrt{1+|g|^2}},\quad \tau=(g,\,|g|^2),\quad g=\nabla f(\theta)
$$

The ball of radius ρ touches the graph Γ of the loss at p. A step moves its centre c down the steepest tangent τ, at the
learning rate η; the new contact is the point of Γ nearest to the moved centre: so the paper defines it. The ball above
is the *rigid* one, which never sinks in: its centre goes down the surface on which a ball of radius ρ can lie, at unit
speed. For small ρ and η both are gradient descent, up to second order in η. The method: Rolling Ball Optimizer, arXiv
2505.19527 (a preprint).
"""


def home() -> None:
    """The page."""
    open_page(
        "Home",
        "A rigid ball enters no wrinkle of the loss that is narrower than itself. Drag its radius.",
        heading="Rolling-ball lab",
    )
    opened = opening()
    radius = linked_number("radius ρ", "radius", opened.radius, *opened.limits)

    def chosen(value: float) -> None:
        """The address owns the radius of this page, which has no control for it but the picture."""
        link_number("radius", value, opened.radius)

    stage = st.container(key="home_stage")
    stage.empty()  # Streamlit leaves out a container while nothing is in it: no room would be kept
    st.html(f'<p class="lab-why">{WHY}</p>')
    for column, (title, text) in zip(st.columns(3), WAYS.items(), strict=True):
        with column:
            card(title, text, told_in(WHY))
    link("Lessons", "Seven lessons: say what will happen, then watch")
    with st.container(horizontal=True, key="home_more"):
        st.caption("And")
        for title in MORE:
            if title in page_files():
                link(title)
    with st.expander("The step as a formula"):
        st.markdown(FORMULA)

    # Last: all else is there to read while a ball of another size is computed.
    with stage:
        try:
            picture = opened.picture if radius == opened.radius else computed(radius)
        except ValueError as error:
            show_error(error)
            st.stop()
        played(picture.message, 1, KEY, on_radius=chosen)
        sentence(picture.said)
        with st.container(horizontal=True, key="take_away"):
            take_away(picture.takings)
        warm()
        radius_strip(opened.strip, key=KEY)
