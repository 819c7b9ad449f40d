"""What an ensemble came to, and the best moment each of its members could have stopped at."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class EnsembleResult:
    """What each member came to, all (B,): accuracies as fractions, NaN losses where a member diverged.

    parameters: (B, n), in the order of ``model.parameters()``. penetration: along the normal, NaN for point methods.
    stopped_accuracy: test accuracy of the parameters that did best on the validation images when they were looked at,
    after ``stopped_gradients``; NaN where nobody looked. seconds: of the training, all members together.
    """

    train_loss: Floats
    validation_loss: Floats
    validation_accuracy: Floats
    test_accuracy: Floats
    stopped_accuracy: Floats
    stopped_gradients: Floats
    penetration: Floats
    diverged: NDArray[np.bool_]
    gradients: int
    seconds: float
    state: str
    parameters: torch.Tensor
    validation_images: int


def joined(results: Sequence[EnsembleResult], seconds: float) -> EnsembleResult:
    """The blocks of an ensemble as one, trained in so many seconds; cancelled if one of them was."""
    state = next((one.state for one in results if one.state != "done"), "done")
    arrays: dict[str, Any] = {
        field.name: np.concatenate([getattr(one, field.name) for one in results])
        for field in dataclasses.fields(EnsembleResult)
        if isinstance(getattr(results[0], field.name), np.ndarray)
    }
    parameters = torch.cat([one.parameters for one in results])
    return dataclasses.replace(results[0], **arrays, parameters=parameters, seconds=seconds, state=state)


class Best:
    """The parameters (B, n) of each member that did best so far, by accuracy (B,), and after how many steps."""

    def __init__(self, position: torch.Tensor) -> None:
        self.position = position.clone()
        self.accuracy = torch.full_like(position[:, 0], -1.0)
        self.step = torch.zeros_like(self.accuracy)

    def offer(self, position: torch.Tensor, accuracy: torch.Tensor, step: int) -> None:
        """Keep what is better than before; nothing of it waits for a GPU."""
        better = accuracy > self.accuracy
        self.position = torch.where(better[:, None], position, self.position)
        self.accuracy = torch.where(better, accuracy, self.accuracy)
        self.step = torch.where(better, step, self.step)
