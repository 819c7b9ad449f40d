"""The training process's memory: its peak, and freed pages kept for the next step."""

from __future__ import annotations

import ctypes
import sys
from functools import cache

import torch

# From glibc's malloc.h; blocks above 32 MB are always mapped anew.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
LARGEST_THRESHOLD = 32 << 20


@cache
def keep_freed_pages() -> bool:
    """Let the C library keep the pages a step frees, as torch does on a GPU; true where it can be told to.

    glibc returns the top of its heap to the system whenever enough of it is free, and the next step's activations are
    then faulted in page by page: a fifth of the time of a small ResNet on a CPU, and more for optimizers that hold
    arrays between evaluations. Linux with glibc only; elsewhere nothing happens.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, LARGEST_THRESHOLD) and mallopt(M_TRIM_THRESHOLD, 2**31 - 1))


def peak_memory(device: torch.device) -> float:
    """Largest memory so far in MB: torch's on a GPU, else the whole process's; NaN where the system does not tell."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 1e6
    if sys.platform == "win32":
        return float("nan")
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in kilobytes, macOS in bytes.
    return peak / (1e6 if sys.platform == "darwin" else 1e3)
