"""What a ball of radius ρ sees, exactly: morphology, basins, roughness, theory."""

from rbo_core.ironing.morphology import Field, Ironed, Sweep, iron, iron_landscape, iron_sweep, sample, sweep_field

__all__ = ["Field", "Ironed", "Sweep", "iron", "iron_landscape", "iron_sweep", "sample", "sweep_field"]
