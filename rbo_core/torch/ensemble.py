"""Many networks trained at once: one flat buffer (B, n), one batched forward and backward pass for all of them."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.nn import functional as F

from rbo_core.arrays import Namespace
from rbo_core.torch import members, namespace
from rbo_core.torch.ellipsoid import scales, weights_of
from rbo_core.torch.signs import Signs


class EnsembleObjective:
    """The minibatch loss of B copies of a network as an objective: ``x (B, n) -> loss (B,), gradient (B, n)``.

    Members share the architecture; each has its own minibatch, set with :meth:`minibatch` before a step.

    Args:
        model: the architecture; its own parameters are not used. It must have no buffers (BatchNorm): running
            statistics of members would mix.
        seeds: (B,) one a member, for :meth:`noise`; None numbers them.
        decay: (B,) weight decay λ, as ½ λ|θ|² inside the loss; None for none.
        scaled_by: whose norms the coordinates of a step follow, of ``ellipsoid.SCALED_BY``.

    Raises:
        ValueError: the model has buffers.
    """

    start: None = None

    def __init__(
        self,
        model: nn.Module,
        seeds: list[int] | None = None,
        decay: Tensor | None = None,
        scaled_by: str = "none",
    ) -> None:
        if any(True for _ in model.buffers()):
            raise ValueError(
                "an ensemble needs a model without running statistics (BatchNorm); train such models one by one"
            )
        on_cpu = all(p.device.type == "cpu" for p in model.parameters())
        self.xp: Namespace = members if on_cpu else namespace
        self.model = model
        self.shapes = {name: p.shape for name, p in model.named_parameters()}
        self.size = sum(shape.numel() for shape in self.shapes.values())
        self.gradients = 0
        self.scaled_by = scaled_by
        self._weights = weights_of(self.shapes.values())
        self._signs = None if seeds is None else Signs(seeds)
        self._decay = decay
        self._x = self._y = torch.empty(0)
        self._forward = vmap(self._one)

    def minibatch(self, x: Tensor, y: Tensor) -> None:
        """Set each member's images ``x (B, m, …)`` and labels ``y (B, m)``."""
        self._x, self._y = x, y

    def split(self, x: Tensor) -> dict[str, Tensor]:
        """Views of ``x (B, n)``, shaped like the parameters: name -> (B, …)."""
        out, start = {}, 0
        for name, shape in self.shapes.items():
            stop = start + shape.numel()
            out[name] = x[:, start:stop].unflatten(1, shape) if shape else x[:, start]
            start = stop
        return out

    def __call__(self, x: Tensor) -> tuple[Tensor, Tensor]:
        self.gradients += 1
        loss, gradient = self._differentiated(x)
        if self._decay is None:
            return loss, gradient
        loss = loss + 0.5 * self._decay * self.xp.vecdot(x, x)
        return loss, gradient.addcmul_(self._decay[:, None], x)

    def scales(self, x: Tensor) -> Tensor:
        """The unit (B, n) of each coordinate of the members ``x (B, n)``."""
        return scales(x, self._weights, self.scaled_by)

    def left_out(self, finite: Tensor) -> None:
        """Told which members' evaluations after a step's first were finite (B,): the others go on without them."""

    def noise(self, like: Tensor) -> Tensor:
        """Draws ±1 (B, n), each member's as its single run sees them."""
        if self._signs is None:
            self._signs = Signs(range(len(like)))
        return self._signs(like)

    @torch.no_grad()
    def evaluate(self, x: Tensor, images: Tensor, labels: Tensor, at_once: int = 1000) -> tuple[Tensor, Tensor]:
        """Mean loss (B,) and accuracy (B,) of all members on the same ``images (N, …)``, so many of them at once.

        Args:
            labels: (N,), or each member's own (B, N).
        """
        labels = labels.expand(len(x), -1)
        loss, right = x.new_zeros(len(x)), x.new_zeros(len(x))
        for first in range(0, len(images), at_once):
            part, own = images[first : first + at_once], labels[:, first : first + at_once]
            out = self._outputs(x, part)
            loss += self._loss(out, own) * len(part)
            right += (out.argmax(dim=2) == own).sum(dim=1)
        return loss / len(images), right / len(images)

    def _differentiated(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Loss (B,) and gradient (B, n) of the minibatches, without weight decay."""
        # Differentiating by the views avoids scattering every layer's gradient into an array of all parameters.
        parameters = {name: view.detach().requires_grad_() for name, view in self.split(x).items()}
        with torch.enable_grad():
            loss = self._loss(self._forward(parameters, self._x), self._y)
            # Members are independent: the gradient of the sum is each member's own.
            grads = torch.autograd.grad(loss.sum(), list(parameters.values()))
        return loss.detach(), torch.cat([g.reshape(len(x), -1) for g in grads], dim=1)

    def _outputs(self, x: Tensor, images: Tensor) -> Tensor:
        """(B, N, classes) of all members on the same ``images (N, …)``."""
        return vmap(self._one, in_dims=(0, None))(self.split(x), images)

    def _one(self, parameters: dict[str, Tensor], images: Tensor) -> Tensor:
        return functional_call(self.model, parameters, (images,))

    @staticmethod
    def _loss(out: Tensor, labels: Tensor) -> Tensor:
        members, count, classes = out.shape
        flat = F.cross_entropy(out.reshape(-1, classes), labels.reshape(-1), reduction="none")
        return flat.reshape(members, count).mean(dim=1)
