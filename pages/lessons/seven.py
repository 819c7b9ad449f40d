"""The seven lessons, in the order in which they are taught."""

from __future__ import annotations

from pages.lessons import reveal
from pages.lessons.lesson import Cast, Lesson, Rolled, Smoothed
from rbo_core import RBO, SAM, SGD


def _rigid(radius: float, rate: float = 0.01) -> RBO:
    return RBO(radius=radius, learning_rate=rate, projection="rigid", unit_speed=True)


_PAPER = RBO(radius=0.3, learning_rate=0.001, projection="gradient", n_projection_steps=20, projection_step_size=0.05)
_RATE = 0.05

SEVEN = (
    Lesson(
        "stuck",
        "A point gets stuck",
        "Gradient descent (SGD) starts high on the left of this wrinkled bowl and takes 900 steps downhill. "
        "Where will it be?",
        ("At the bottom", "About half way", "In the first wrinkle"),
        Rolled("wrinkled_bowl", (Cast(SGD(learning_rate=0.01)),)),
        reveal.stuck,
        "A loss is wrinkled at many scales, and a point stops in the first wrinkle that holds it.",
        "Roll",
        "Try other points on Roll",
    ),
    Lesson(
        "ball",
        "A ball does not",
        "A rigid ball of radius 0.4 starts at the same place. How far will it get?",
        ("Not out of the first wrinkle either", "Over many wrinkles"),
        Rolled("wrinkled_bowl", (Cast(_rigid(0.4)), Cast(SGD(learning_rate=0.01)))),
        reveal.rolls_on,
        "A ball of radius ρ enters no wrinkle narrower than itself: ρ is the scale at which it sees the loss.",
        "Roll",
        "Change its radius on Roll",
    ),
    Lesson(
        "holds",
        "What holds a ball",
        "Two balls start in the same groove between sharp crests; one is a little larger. Which of them rolls on?",
        ("Both", "The larger one only", "Neither"),
        Rolled("corduroy", (Cast(_rigid(1.2)), Cast(_rigid(1.3))), steps=800, start=2.9),
        reveal.held,
        "Each crest has a lifetime ρ_m: it holds the balls that are smaller and lets go of those that are larger.",
        "Roll",
        "Find the jump on Roll",
    ),
    Lesson(
        "scales",
        "Ironing at many scales",
        "This curve has wrinkles upon wrinkles. How many of a small ball's dips does one ten times larger see?",
        ("Nearly all", "About half", "About a tenth"),
        Smoothed("weierstrass_like", (0.01, 0.1, 1.0)),
        reveal.scales,
        "A ball irons the loss at the scale of its radius, and a rough loss has something to iron at every scale.",
        "Iron",
        "Move the radius on Iron",
    ),
    Lesson(
        "flat",
        "What a flat minimum has to do with it",
        "Two valleys are equally deep; the first on the way is sharp, the second flat. A ball of radius 1.6 and SGD "
        "start on the left. Where do they end?",
        ("Both in the sharp one", "Only the ball in the flat one", "Both in the flat one"),
        Rolled("sharp_flat_wells", (Cast(_rigid(1.6)), Cast(SGD(learning_rate=0.01)))),
        reveal.flat,
        "A ball cannot enter a valley that bends more than it does. That is a taste for flat minima, not a promise "
        "that they predict better: on networks the lab measures both.",
        "Roll",
        "Try smaller balls on Roll",
    ),
    Lesson(
        "published",
        "What the published projection really does",
        "The paper finds each new contact by 20 small gradient moves. On rough ground, how deep does its ball sink in?",
        ("Not at all", "By a tenth of its radius", "By most of its radius"),
        Rolled(
            "weierstrass_like",
            (Cast(_PAPER, "As published"), Cast(_rigid(0.3, 0.001), "Rigid (exact)")),
            steps=300,
        ),
        reveal.published,
        "As published, the ball is not rigid: on rough ground the projection stops long before it has arrived.",
        "Roll",
        "Read the penetration on Roll",
    ),
    Lesson(
        "costs",
        "What it costs",
        "On smooth ground nobody gets stuck. Everyone may spend 120 gradients. Who is lowest at the end?",
        ("SGD (1 gradient a step)", "SAM (2 a step)", "The Newton ball (2 a step)", "The published ball (20 a step)"),
        Rolled(
            "paraboloid",
            (
                Cast(SGD(learning_rate=_RATE)),
                Cast(SAM(learning_rate=_RATE)),
                Cast(RBO(radius=0.4, projection="newton", learning_rate=_RATE), "Newton ball"),
                Cast(
                    RBO(radius=0.4, projection="gradient", n_projection_steps=20, learning_rate=_RATE), "Published ball"
                ),
            ),
            steps=120,
            budget=120,
        ),
        reveal.costs,
        "Count gradients, not steps: a fair race gives everyone the same number. On smooth ground a ball buys nothing.",
        "Train",
        "See it on a network, on Train",
    ),
)
"""A lesson's name in an address is its `name`; it has its place from the order here."""
