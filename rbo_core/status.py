"""How a ball's run ended."""

from __future__ import annotations

from enum import IntEnum


class Status(IntEnum):
    """How a ball's run ended."""

    RUNNING = 0
    CONVERGED = 1
    LEFT_DOMAIN = 2
    NON_FINITE = 3

    @property
    def message(self) -> str:
        """A sentence for people."""
        return _MESSAGES[self]


_MESSAGES = {
    Status.RUNNING: "still moving after the last step",
    Status.CONVERGED: "came to rest",
    Status.LEFT_DOMAIN: "left the domain of the surface; try a smaller learning rate",
    Status.NON_FINITE: "diverged to a non-finite value, or met a gap of the surface; try a smaller learning rate",
}
