"""Drop-in torch optimizers: the rolling ball, SAM and Entropy-SGD,
with ``step(closure)`` as in ``torch.optim.LBFGS``.
"""

from rbo_core.torch.flat_optimizer import FlatOptimizer
from rbo_core.torch.optimizer import RBO, SAM, EntropySGD
from rbo_core.torch.scaling import scaled_closure

__all__ = ["RBO", "SAM", "EntropySGD", "FlatOptimizer", "scaled_closure"]
