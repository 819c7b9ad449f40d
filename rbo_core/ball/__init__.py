"""The rigid ball: where it touches, how it rolls, how deep another ball has sunk in."""
