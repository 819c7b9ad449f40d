"""What must not change between the several evaluations of one step.

Every evaluation has to see the same function: the same dropout masks and augmentations (torch's global random
streams), and running statistics (BatchNorm and the like) that count each minibatch once.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from types import TracebackType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_pre_hook


class RandomStreams:
    """Replays torch's global random stream of the CPU and of the device in use."""

    def __init__(self, device: torch.device) -> None:
        self._cuda = device if device.type == "cuda" else None
        self._before = self._read()
        self._after: tuple[Tensor, ...] | None = None

    def first_done(self) -> None:
        """Note where the first evaluation left the streams."""
        after = self._read()
        moved = any(a.numpy().tobytes() != b.numpy().tobytes() for a, b in zip(self._before, after, strict=True))
        self._after = after if moved else None

    def rewind(self) -> None:
        """Put the streams back to the start of the step."""
        if self._after is not None:
            self._write(self._before)

    def finish(self) -> None:
        """Leave the streams as after exactly one evaluation."""
        if self._after is not None:
            self._write(self._after)

    def _read(self) -> tuple[Tensor, ...]:
        cpu = torch.get_rng_state()
        return (cpu,) if self._cuda is None else (cpu, torch.cuda.get_rng_state(self._cuda))

    def _write(self, states: tuple[Tensor, ...]) -> None:
        torch.set_rng_state(states[0])
        if self._cuda is not None:
            torch.cuda.set_rng_state(states[1], self._cuda)


class RunningStatistics:
    """Keeps the buffers of modules in training mode as the first evaluation of a step left them."""

    def __init__(self, modules: list[nn.Module]) -> None:
        self._live: list[Tensor] = [
            buffer for m in modules if m.training for buffer in m._buffers.values() if buffer is not None
        ]
        self._kept = [buffer.clone() for buffer in self._live]

    def restore(self) -> None:
        """Undo what later evaluations did to the buffers."""
        if self._live:
            torch._foreach_copy_(self._live, self._kept)


def stateful(modules: Iterable[nn.Module]) -> list[nn.Module]:
    """The modules a step has to look after: those with buffers, and DistributedDataParallel's wrapper."""
    return [m for m in modules if m._buffers or isinstance(m, nn.parallel.DistributedDataParallel)]


class ModuleFinder:
    """Finds the modules a closure calls, so that nobody has to hand the model to the optimizer.

    Used as a context manager round one evaluation; ``modules`` holds every module met and all their children.
    """

    def __init__(self) -> None:
        self.modules: dict[nn.Module, None] = {}

    def __enter__(self) -> ModuleFinder:
        self._warnings = warnings.catch_warnings()
        self._warnings.__enter__()
        # torch.compile warns of hooks; this one is gone before it traces.
        warnings.filterwarnings("ignore", message="Using `torch.compile")
        self._hook: Any = register_module_forward_pre_hook(self._see)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hook.remove()
        self._warnings.__exit__(kind, error, trace)

    def _see(self, module: nn.Module, inputs: Any) -> None:
        if module not in self.modules:
            self.modules.update(dict.fromkeys(module.modules()))
            if isinstance(module, torch._dynamo.OptimizedModule):
                # The compiler must not trace into this hook; the children are known already.
                self._hook.remove()
