"""The player: an animation component for curves and surfaces with balls and points that move over them."""

from pages.player.component import player, radius_strip
from rbo_core.figures.player.scene import Arrow, Click, Ground, Racer, Readout, Scene, roll_angle

__all__ = ["Arrow", "Click", "Ground", "Racer", "Readout", "Scene", "player", "radius_strip", "roll_angle"]
