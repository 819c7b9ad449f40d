"""What the members of an ensemble are shown: each the minibatches, labels and crops of its single run."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from rbo_core.training.config import TrainConfig
from rbo_core.training.data import PAD, DataSet, cropped, draw_crops, padded
from rbo_core.training.plan import Plan, dtype_of, labels_of, order_generator


class Batches:
    """The images, once for all members, and what each of the S different seeds draws of them.

    An epoch is drawn at its start, on the CPU as in a single run, and sent; no step waits for a GPU.

    Args:
        seeds: (B,) one a member.

    Attributes:
        x: (N, channels, rows, columns) training images, with zeros round them where crops are taken.
        y: (S, N) labels. seed: (B,) which of the S seeds a member has.
    """

    def __init__(
        self, config: TrainConfig, data: DataSet, plan: Plan, seeds: Sequence[int], device: torch.device
    ) -> None:
        self.unique = sorted(set(seeds))
        self.seed = torch.tensor([self.unique.index(s) for s in seeds], device=device)
        x = torch.from_numpy(data.train_x[: plan.images]).to(device, dtype_of(config))
        self.x = padded(x) if config.augment else x
        labels = [torch.from_numpy(labels_of(config, data, plan.images, s)) for s in self.unique]
        self.y = torch.stack(labels).to(device)
        self._size, self._plan, self._augment, self._device = config.batch_size, plan, config.augment, device
        self._generators = [order_generator(s) for s in self.unique]
        self._drawn = torch.empty(0)

    def draw(self, step: int) -> Tensor:
        """(1, B, m) numbers of the images of a step, or (4, B, m) with their crops behind; steps come in order."""
        k = step % self._plan.per_epoch
        if k == 0:
            epoch = torch.stack([self._epoch(generator) for generator in self._generators], dim=1)
            if self._device.type == "cuda":  # from pinned memory, so that the host does not wait
                epoch = epoch.pin_memory()
            self._drawn = epoch.to(self._device, non_blocking=True)
        return self._drawn[:, self.seed, k * self._size : (k + 1) * self._size]

    def minibatch(self, drawn: Tensor) -> tuple[Tensor, Tensor]:
        """Images (B, m, channels, rows, columns) and labels (B, m) of what was drawn."""
        index = drawn[0]
        images = cropped(self.x, index, drawn[1:]) if self._augment else self.x[index]
        return images, self.y[self.seed[:, None], index]

    def own_labels(self, count: int) -> Tensor:
        """(B, count) of the first images."""
        return self.y[self.seed, :count]

    def first(self, count: int) -> Tensor:
        """The first ``count`` training images as they are."""
        if not self._augment:
            return self.x[:count]
        return self.x[:count, :, PAD:-PAD, PAD:-PAD]

    def _epoch(self, generator: torch.Generator) -> Tensor:
        """(1, M) or (4, M) of one seed, M images in all minibatches of an epoch."""
        used = self._plan.per_epoch * self._size
        order = torch.randperm(self._plan.images, generator=generator)[None, :used]
        if not self._augment:
            return order
        crops = [draw_crops(self._size, generator) for _ in range(self._plan.per_epoch)]
        return torch.cat([order, torch.cat(crops, dim=1)])
