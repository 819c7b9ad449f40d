"""The networks of the paper (MLP, ResNet-6, ResNet-8, VGG-9), two for scale (ResNet-18, WRN-28-10), and ResNet-8 and
VGG-9 with GroupNorm (Wu and He 2018) instead of BatchNorm, which have no running statistics and train as ensembles.

The paper states depths, not widths; ours follow the usual CIFAR forms: ResNet-6 and -8 with one basic block in each of
two and three stages (He et al. 2016, section 4.2), VGG-9 with six convolutions and three linear layers.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Shape = tuple[int, int, int]
Norm = Callable[[int], nn.Module]
"""The normalisation of so many channels."""
GROUPS = 8


def group_norm(channels: int) -> nn.Module:
    """Over an image's own channels, in eight groups."""
    return nn.GroupNorm(GROUPS, channels)


class MLP(nn.Sequential):
    """Two hidden layers of 128 units with ReLU."""

    def __init__(self, shape: Shape, classes: int, hidden: tuple[int, ...] = (128, 128)) -> None:
        inputs = shape[0] * shape[1] * shape[2]
        layers: list[nn.Module] = [nn.Flatten()]
        for fan_in, fan_out in pairwise((inputs, *hidden)):
            layers += [nn.Linear(fan_in, fan_out), nn.ReLU()]
        super().__init__(*layers, nn.Linear(hidden[-1], classes))


class BasicBlock(nn.Module):
    """Two 3 × 3 convolutions with a shortcut (He et al. 2016)."""

    def __init__(self, inputs: int, outputs: int, stride: int, norm: Norm = nn.BatchNorm2d) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.first_norm = norm(outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.second_norm = norm(outputs)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), norm(outputs))

    def forward(self, x: Tensor) -> Tensor:
        out = F.relu(self.first_norm(self.first(x)))
        out = self.second_norm(self.second(out))
        return F.relu(out + self.shortcut(x))


class PreActivationBlock(nn.Module):
    """The block of wide residual networks (Zagoruyko and Komodakis 2016)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first_norm = nn.BatchNorm2d(inputs)
        self.first = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        same = stride == 1 and inputs == outputs
        self.shortcut = None if same else nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        active = F.relu(self.first_norm(x))
        out = self.second(F.relu(self.second_norm(self.first(active))))
        return out + (x if self.shortcut is None else self.shortcut(active))


class ResNet(nn.Module):
    """Residual network for small images: a 3 × 3 stem, stages of basic blocks, global average, one linear layer."""

    def __init__(
        self, shape: Shape, classes: int, widths: tuple[int, ...], blocks: tuple[int, ...], norm: Norm = nn.BatchNorm2d
    ) -> None:
        super().__init__()
        self.stem = nn.Conv2d(shape[0], widths[0], 3, 1, 1, bias=False)
        self.stem_norm = norm(widths[0])
        stages: list[nn.Module] = []
        inputs = widths[0]
        for stage, (width, count) in enumerate(zip(widths, blocks, strict=True)):
            for block in range(count):
                stages.append(BasicBlock(inputs, width, 2 if stage > 0 and block == 0 else 1, norm))
                inputs = width
        self.stages = nn.Sequential(*stages)
        self.head = nn.Linear(inputs, classes)

    def forward(self, x: Tensor) -> Tensor:
        out = self.stages(F.relu(self.stem_norm(self.stem(x))))
        return self.head(out.mean(dim=(2, 3)))


class WideResNet(nn.Module):
    """WRN-depth-width (Zagoruyko and Komodakis 2016)."""

    def __init__(self, shape: Shape, classes: int, depth: int = 28, width: int = 10) -> None:
        super().__init__()
        count = (depth - 4) // 6
        widths = (16 * width, 32 * width, 64 * width)
        self.stem = nn.Conv2d(shape[0], 16, 3, 1, 1, bias=False)
        stages: list[nn.Module] = []
        inputs = 16
        for stage, outputs in enumerate(widths):
            for block in range(count):
                stages.append(PreActivationBlock(inputs, outputs, 2 if stage > 0 and block == 0 else 1))
                inputs = outputs
        self.stages = nn.Sequential(*stages)
        self.norm = nn.BatchNorm2d(inputs)
        self.head = nn.Linear(inputs, classes)

    def forward(self, x: Tensor) -> Tensor:
        out = F.relu(self.norm(self.stages(self.stem(x))))
        return self.head(out.mean(dim=(2, 3)))


class VGG9(nn.Module):
    """Six 3 × 3 convolutions in three stages with a normalisation and pooling, then three linear layers."""

    def __init__(self, shape: Shape, classes: int, norm: Norm = nn.BatchNorm2d, hidden: int = 256) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = shape[0]
        for width in (64, 128, 256):
            for _ in range(2):
                layers += [nn.Conv2d(inputs, width, 3, 1, 1, bias=False), norm(width), nn.ReLU()]
                inputs = width
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        with torch.no_grad():
            flat = self.features.eval()(torch.zeros(1, *shape)).numel()
        self.features.train()
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Linear(flat, hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Linear(hidden, classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x))


MODELS: dict[str, Callable[[Shape, int], nn.Module]] = {
    "mlp": MLP,
    "resnet6": lambda shape, classes: ResNet(shape, classes, (16, 32), (1, 1)),
    "resnet8": lambda shape, classes: ResNet(shape, classes, (16, 32, 64), (1, 1, 1)),
    "resnet8-gn": lambda shape, classes: ResNet(shape, classes, (16, 32, 64), (1, 1, 1), group_norm),
    "vgg9": VGG9,
    "vgg9-gn": lambda shape, classes: VGG9(shape, classes, group_norm),
    "resnet18": lambda shape, classes: ResNet(shape, classes, (64, 128, 256, 512), (2, 2, 2, 2)),
    "wrn28-10": WideResNet,
}


def build_model(name: str, shape: Shape, classes: int) -> nn.Module:
    """A new network for images of ``shape`` (channels, rows, columns), initialised from torch's global random stream.

    Raises:
        ValueError: for an unknown name, or images too small for the network.
    """
    if name not in MODELS:
        raise ValueError(f"model must be one of {', '.join(MODELS)}; got {name!r}")
    smallest = 8 if name != "mlp" else 1
    if min(shape[1:]) < smallest:
        raise ValueError(
            f"model {name} needs images of at least {smallest} × {smallest} pixels, got {shape[1]} × {shape[2]}"
        )
    return MODELS[name](shape, classes)
