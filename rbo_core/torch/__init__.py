"""Drop-in torch optimizers: the rolling ball, SAM and Entropy-SGD,
with ``step(closure)`` as in ``torch.optim.LBFGS``.
"""

from rbo_core.torch.optimizer import RBO, SAM, EntropySGD, FlatOptimizer

__all__ = ["RBO", "SAM", "EntropySGD", "FlatOptimizer"]
