"""What the engine asks of the machine: its cores, and that freed memory stays at hand."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from pathlib import Path

_MMAP_THRESHOLD, _TRIM_THRESHOLD = -3, -1  # M_MMAP_THRESHOLD and M_TRIM_THRESHOLD of glibc's malloc.h
KEPT_BYTES = 256 << 20
"""Freed memory that the process holds on to."""


def cores() -> int:
    """Cores that this process may use at once: its affinity, and its container's quota."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = None
    with contextlib.suppress(OSError, ValueError):
        allowed, period = Path("/sys/fs/cgroup/cpu.max").read_text("ascii").split()
        quota = None if allowed == "max" else round(int(allowed) / int(period))
    return max(1, count if quota is None else min(count, quota))


def keep_freed_memory() -> bool:
    """Lets the allocator keep what the forward frees; says whether it could.

    A forward frees and takes the same megabytes hundreds of times.  glibc gives such blocks back to the
    system at once and gets them zeroed page by page: with int8 products that is half of the time.  Elsewhere
    than on glibc nothing is done.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False  # another C library
    # 32 MB is the most that glibc takes here; a larger block is mapped by itself.
    return bool(mallopt(_MMAP_THRESHOLD, 32 << 20)) and bool(mallopt(_TRIM_THRESHOLD, KEPT_BYTES))


def dismiss_team() -> bool:
    """Ends the OpenMP threads that wait for the calling thread's next operator; says whether it could.

    They come back with that operator.  Until then they no longer count against those of other threads: see
    `zeroshot.engine.worker`.
    """
    with contextlib.suppress(OSError, AttributeError, ValueError):
        maps = Path("/proc/self/maps").read_text("utf-8")
        # The library that torch brought is meant, not another of the system's.
        names = {line.split(maxsplit=5)[5] for line in maps.splitlines() if "libgomp" in line}
        failed = [name for name in sorted(names) if ctypes.CDLL(name).omp_pause_resource_all(_PAUSE_HARD)]
        return not failed
    return False  # another system


_PAUSE_HARD = 2  # omp_pause_hard of omp.h
