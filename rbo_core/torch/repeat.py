"""What must not change between the several evaluations of one step beside the random streams (``streams.py``).

Running statistics (BatchNorm and the like) count each minibatch once, and parameters that belong to another optimizer
get each minibatch's gradient once. Both belong to modules, which are found when a closure calls them.
"""

from __future__ import annotations

import gc
import warnings
import weakref
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import (
    register_module_buffer_registration_hook,
    register_module_forward_pre_hook,
    register_module_parameter_registration_hook,
)

LOOKED_FOR = 3
"""First steps in which every module that is called is looked at, and the graph of the loss is searched for parameters
that belong to no module."""
EVERY = 16
"""Afterwards modules are looked at while there are some with parameters or buffers that were never called, and else
every so-manieth step: copies (``copy.deepcopy``) come into being unnoticed."""


class _Registry:
    """All modules of the process that hold a parameter or a buffer, as far as they were not copied."""

    def __init__(self) -> None:
        self.modules: weakref.WeakSet[nn.Module] = weakref.WeakSet()
        self.changes = 0
        self._searched = False
        register_module_parameter_registration_hook(self._note)
        register_module_buffer_registration_hook(self._note)

    def search(self) -> None:
        """Find, once, those that were made before this module was imported."""
        if not self._searched:
            self._searched = True
            self.modules.update(o for o in gc.get_objects() if issubclass(type(o), nn.Module) and "_buffers" in vars(o))
            self.changes += 1

    def _note(self, module: nn.Module, name: str, value: Any) -> None:
        if module not in self.modules:
            self.modules.add(module)
            self.changes += 1


_registry = _Registry()


class Bystanders:
    """Modules a closure calls, their buffers, and the gradients of parameters that are not ours; one for an optimizer.

    Args:
        modules: those known beforehand; the others are found in the first evaluation of every step.
        ours: ids of the parameters being optimized.
    """

    def __init__(self, modules: Iterable[nn.Module], ours: Iterable[int]) -> None:
        # Weakly, since a closure may make a module anew at each call.
        self._seen: weakref.WeakSet[nn.Module] = weakref.WeakSet()
        self._stateful: list[weakref.ref[nn.Module]] = []
        self._foreign: list[weakref.ref[Tensor]] = []
        self._loose: dict[int, weakref.ref[Tensor]] = {}
        self._ours = frozenset(ours)
        self._hook: Any = self._see
        self._handle: Any = None
        self._quiet: Any = None
        self._compiled = False
        self._steps = 0
        self._inside = False
        self._before, self._after = _Buffers(), _Buffers()
        self._counted = False
        self._put_aside: list[tuple[Tensor, Tensor | None]] = []
        self._wrapper: weakref.ref[nn.Module] | None = None
        self._looked_up = -1
        self._strangers = True
        _registry.search()
        self._add(modules)

    @property
    def process_group(self) -> Any:
        """DistributedDataParallel's group, or None where no such wrapper was met."""
        wrapper = self._wrapper() if self._wrapper is not None else None
        return getattr(wrapper, "process_group", None)

    def set_ours(self, ours: Iterable[int]) -> None:
        """Say anew which parameters are being optimized."""
        self._ours = frozenset(ours)
        self._list()

    def begin(self) -> None:
        """Before a step."""
        self._steps += 1
        self._inside = True
        self._put_aside = []
        self._counted = False
        if self._stateful:
            self._before.take(self._alive())

    def watch(self) -> None:
        """Before the first evaluation: from now on, find the modules it calls."""
        if self._compiled or not self._worth_looking():
            return
        self._handle = register_module_forward_pre_hook(self._hook)
        if self._steps == 1:
            self._quiet = warnings.catch_warnings()
            self._quiet.__enter__()
            # torch.compile warns of hooks; this one is gone before it traces.
            warnings.filterwarnings("ignore", message="Using `torch.compile")

    def unwatch(self) -> None:
        """After the first evaluation, however it ended."""
        if self._handle is not None:
            self._handle.remove()
            self._handle = None
        if self._quiet is not None:
            self._quiet.__exit__(None, None, None)
            self._quiet = None

    def first_done(self, loss: Tensor) -> None:
        """Note what the first evaluation left."""
        if self._steps <= LOOKED_FOR:
            self._search(loss)
        if self._stateful:
            self._after.take(self._alive())
            self._counted = True
        # Later evaluations accumulate into gradients of their own, which are dropped.
        for reference in self._foreign:
            p = reference()
            if p is not None:
                self._put_aside.append((p, p.grad))
                p.grad = None

    def finish(self) -> None:
        """Buffers and the gradients of others as after one evaluation."""
        self._inside = False
        if self._counted:
            self._after.restore()
        self._return_gradients()

    def restore(self) -> None:
        """Undo a step that broke off."""
        self._inside = False
        self._before.restore()
        self._return_gradients()

    def _return_gradients(self) -> None:
        for p, gradient in self._put_aside:
            p.grad = gradient
        self._put_aside = []

    def _worth_looking(self) -> bool:
        """Whether the closure may call a module that it never called; a hook costs some % of a small network's step."""
        if self._looked_up != _registry.changes:
            self._looked_up = _registry.changes
            self._strangers = any(m not in self._seen for m in _registry.modules.copy())
        return self._strangers or self._steps <= LOOKED_FOR or self._steps % EVERY == 0

    def _see(self, module: nn.Module, inputs: Any) -> None:
        if torch.compiler.is_compiling() or module in self._seen:
            return
        self._add([module])
        if isinstance(module, torch._dynamo.OptimizedModule):
            # The compiler must not trace this hook; the children are known already.
            self._compiled = True
            self._handle.remove()

    def _add(self, modules: Iterable[nn.Module]) -> None:
        new = [m for one in modules for m in one.modules() if m not in self._seen]
        self._seen.update(new)
        self._looked_up = -1
        for m in new:
            if isinstance(m, nn.parallel.DistributedDataParallel):
                self._wrapper = weakref.ref(m)
        stateful = [m for m in new if m._buffers]
        self._stateful.extend(weakref.ref(m) for m in stateful)
        if self._inside:
            self._before.take_more(stateful)
        if stateful or any(m._parameters for m in new):
            self._list()

    def _list(self) -> None:
        """The parameters of others, and the modules with buffers that are still in use."""
        self._stateful = [r for r in self._stateful if r() is not None]
        found: dict[int, Tensor] = {id(p): p for m in self._seen for p in m._parameters.values() if p is not None}
        found.update({key: p for key, reference in self._loose.items() if (p := reference()) is not None})
        self._foreign = [weakref.ref(p) for key, p in found.items() if key not in self._ours]

    def _search(self, loss: Tensor) -> None:
        """Look for parameters of others that no module holds, at the leaves of the loss's graph."""
        known = {id(r()) for r in self._foreign}
        stack, visited, new = [loss.grad_fn], set(), False
        while stack:
            node = stack.pop()
            if node is None or node in visited:
                continue
            visited.add(node)
            leaf = getattr(node, "variable", None)
            if isinstance(leaf, Tensor) and id(leaf) not in self._ours and id(leaf) not in known:
                self._loose[id(leaf)] = weakref.ref(leaf)
                new = True
            stack.extend(following for following, _ in node.next_functions)
        if new:
            self._list()

    def _alive(self) -> list[nn.Module]:
        return [m for reference in self._stateful if (m := reference()) is not None]


class _Buffers:
    """The buffers of modules in training mode as they were: their objects and their values."""

    def __init__(self) -> None:
        self._places: list[tuple[dict[str, Any], str, Tensor]] = []
        self._pairs: list[tuple[list[Tensor], list[Tensor]]] = []
        self._ungrouped = False

    def take(self, modules: Iterable[nn.Module]) -> None:
        """Note the buffers of ``modules`` as they are now, in memory that the next call uses again."""
        places = _places(modules)
        if (
            self._ungrouped
            or len(places) != len(self._places)
            or any(a[2] is not b[2] for a, b in zip(places, self._places, strict=True))
        ):
            # One list a type: a GPU then copies each with one launch.
            by_type: dict[torch.dtype, list[Tensor]] = {}
            for _, _, buffer in places:
                by_type.setdefault(buffer.dtype, []).append(buffer)
            self._pairs = [(live, [b.clone() for b in live]) for live in by_type.values()]
        else:
            for live, kept in self._pairs:
                torch._foreach_copy_(kept, live)
        self._places, self._ungrouped = places, False

    def take_more(self, modules: Iterable[nn.Module]) -> None:
        """Note the buffers of further modules beside those noted."""
        places = _places(modules)
        self._places, self._ungrouped = self._places + places, True
        self._pairs.extend(([buffer], [buffer.clone()]) for _, _, buffer in places)

    def restore(self) -> None:
        """Put objects and values back."""
        for place, name, buffer in self._places:
            place[name] = buffer
        for live, kept in self._pairs:
            torch._foreach_copy_(live, kept)


def _places(modules: Iterable[nn.Module]) -> list[tuple[dict[str, Any], str, Tensor]]:
    return [
        (m._buffers, name, buffer)
        for m in modules
        if m.training
        for name, buffer in m._buffers.items()
        if buffer is not None
    ]
