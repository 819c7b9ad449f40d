"""Drop-in torch optimizers: the rolling ball, SAM, LookSAM and Entropy-SGD,
with ``step(closure)`` as in ``torch.optim.LBFGS``.
"""

from rbo_core.torch.flat_optimizer import FlatOptimizer
from rbo_core.torch.optimizer import RBO, SAM, EntropySGD, LookSAM
from rbo_core.torch.scaling import scaled_closure

__all__ = ["RBO", "SAM", "EntropySGD", "FlatOptimizer", "LookSAM", "scaled_closure"]
