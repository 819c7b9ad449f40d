"""The player: an animation component for curves and surfaces with balls and points that move over them."""

from pages.player.component import played, player, radius_strip

__all__ = ["played", "player", "radius_strip"]
