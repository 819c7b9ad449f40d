"""The flooded basin of a surface, from the cache."""

from __future__ import annotations

import landscapes
from pages.shared.controls import get_surface
from pages.shared.page import cached
from pages.shared.scenes import Key, key_of
from rbo_core.ironing.catchment import Catchment, catchment


def basins_of(surface: landscapes.Landscape) -> Catchment:
    """The surface's basins."""
    return _basins_of(key_of(surface))


@cached
def _basins_of(key: Key) -> Catchment:
    name, dim, parameters = key
    return catchment(get_surface(name, dim, **dict(parameters)))
