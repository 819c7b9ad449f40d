"""A method's memory in a ``state_dict``: tensors beside their parameters, and whose checkpoint one looks at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from torch import Tensor

from rbo_core.torch.flat import FlatParameters

SIGNS = {
    "RBO": "projection",
    "EntropySGD": "n_langevin_steps",
    "LookSAM": "reuse",
    "torch.optim.LBFGS": "max_iter",
    "torch.optim.Adam or AdamW": "amsgrad",
    "torch.optim.RMSprop": "centered",
    "torch.optim.Adagrad": "initial_accumulator_value",
    "torch.optim.SGD": "dampening",
    "SAM": "radius",
}
"""A setting that only this optimizer has, in the order in which one looks for them."""


def by_parameter(memory: Any, flat: FlatParameters | None) -> dict[str, Any]:
    """The method's state: tensors (1, n) split as a dict parameter id -> tensor, the rest as it is."""
    if memory is None or flat is None:
        return {}
    split: dict[str, Any] = {}
    for name, value in memory._asdict().items():
        if isinstance(value, Tensor) and value.dim() == 2:
            ids = (id(segment.parameter) for segment in flat.segments)
            split[name] = dict(zip(ids, flat.split(value[0]), strict=True))
        elif value is not None:
            split[name] = value
    return split


def joined(split: Mapping[str, Any], flat: FlatParameters, state: type[Any]) -> Any:
    """The inverse of :func:`by_parameter`; None where there is no memory."""
    if not split:
        return None
    fields: dict[str, Any] = {}
    for name, value in split.items():
        if isinstance(value, dict):
            fields[name] = flat.join([value.get(id(s.parameter)) for s in flat.segments])[None]
        elif isinstance(value, Tensor):
            fields[name] = value.to(flat.data.device, flat.data.dtype)
        else:
            fields[name] = value
    return state(x=None, **fields)


def check_checkpoint(
    state_dict: Mapping[str, Any], wanted: Iterable[str], name: str, groups: list[dict[str, Any]], state: type[Any]
) -> None:
    """Raise ``ValueError`` unless ``state_dict`` belongs to an optimizer like ours.

    Args:
        wanted: the settings a group must have. name: of our class. groups: our own. state: type of our memory.
    """
    saved = state_dict.get("param_groups") or [{}]
    missing = [key for key in wanted if any(key not in group for group in saved)]
    looks_like = next((whose for whose, sign in SIGNS.items() if sign in saved[0]), "another optimizer")
    # A setting that is younger than the checkpoint takes its default.
    lost = SIGNS[name] in missing or looks_like != name if name in SIGNS else bool(missing)
    if lost or "ball" not in state_dict:
        lacks = f"it lacks {', '.join(missing)}, and" if missing else "it"
        raise ValueError(f"this is no checkpoint of {name}: {lacks} looks like one of {looks_like}; nothing was loaded")
    sizes = [len(group["params"]) for group in saved], [len(group["params"]) for group in groups]
    if sizes[0] != sizes[1]:
        raise ValueError(
            f"the checkpoint has groups of {sizes[0]} parameters, this optimizer of {sizes[1]}; nothing was loaded"
        )
    ours = [p for group in groups for p in group["params"]]
    ids = [key for group in saved for key in group["params"]]
    for key, parameter in zip(ids, ours, strict=True):
        for field, value in state_dict.get("state", {}).get(key, {}).items():
            if field not in state._fields:
                raise ValueError(f"this is no checkpoint of {name}: its memory has {field!r}; nothing was loaded")
            if isinstance(value, Tensor) and value.shape != parameter.shape:
                raise ValueError(
                    f"{field} of parameter {key} has shape {tuple(value.shape)} in the checkpoint and the parameter "
                    f"{tuple(parameter.shape)}; nothing was loaded"
                )
