"""What a ball of radius ρ sees, exactly: morphology, basins, roughness, theory.

    ironed = iron(heights, spacing, radius)  # .center, .ironed, .closing, .reachable

`iron_landscape` does the same for a surface of `landscapes`, `iron_sweep` for many radii at once; `crests` says how
long each crest holds a ball, `basins` counts basins by persistence, `measure` measures smoothness against radius,
`theory` says what to expect.
"""

from rbo_core.ironing.blur import Blur, blur, crest_change, equal_blur
from rbo_core.ironing.crests import Crests, crests, field_crests, rest_lifetimes, round_crest_radius
from rbo_core.ironing.field import Field, sample
from rbo_core.ironing.filters import alternating_sequential_filter, nesting_radii, opening
from rbo_core.ironing.fractal import Dimension, dimension, fractal_dimension
from rbo_core.ironing.holes import no_data_value, with_holes
from rbo_core.ironing.morphology import Ironed, iron, iron_landscape, sampling_error
from rbo_core.ironing.persistence import Basins, basins, local_minima
from rbo_core.ironing.rests import Guard, Rests, follow, guards, holder, rests
from rbo_core.ironing.roughness import (
    Measures,
    default_threshold,
    largest_slope,
    measure,
    measure_sweep,
    oscillation,
    power_law,
    total_variation,
)
from rbo_core.ironing.spectral import Spectrum, spectrum
from rbo_core.ironing.sweeping import Sweep, iron_sweep, sweep_field
from rbo_core.ironing.theory import (
    Grooves,
    Tilt,
    critical_radius,
    grooves,
    measured_critical_radius,
    paper_too_curved,
    plane_lift,
    tilt,
    too_curved,
    weak_ironing_bound,
    window_bound,
)

__all__ = [
    "Basins",
    "Blur",
    "Crests",
    "Dimension",
    "Field",
    "Grooves",
    "Guard",
    "Ironed",
    "Measures",
    "Rests",
    "Spectrum",
    "Sweep",
    "Tilt",
    "alternating_sequential_filter",
    "basins",
    "blur",
    "crest_change",
    "crests",
    "critical_radius",
    "default_threshold",
    "dimension",
    "equal_blur",
    "field_crests",
    "follow",
    "fractal_dimension",
    "grooves",
    "guards",
    "holder",
    "iron",
    "iron_landscape",
    "iron_sweep",
    "largest_slope",
    "local_minima",
    "measure",
    "measure_sweep",
    "measured_critical_radius",
    "nesting_radii",
    "no_data_value",
    "opening",
    "oscillation",
    "paper_too_curved",
    "plane_lift",
    "power_law",
    "rest_lifetimes",
    "rests",
    "round_crest_radius",
    "sample",
    "sampling_error",
    "spectrum",
    "sweep_field",
    "tilt",
    "too_curved",
    "total_variation",
    "weak_ironing_bound",
    "window_bound",
    "with_holes",
]
