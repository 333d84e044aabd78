"""Where a model runs."""

from __future__ import annotations

from zeroshot.errors import ModelUnavailableError

DEVICES = ("cuda", "mps", "cpu")


def pick_device(requested: str | None = None) -> str:
    """`requested` if this machine has it; without a request the best there is: cuda, mps, cpu.

    Raises:
        ModelUnavailableError: the requested device is not there or is not known.
    """
    import torch

    present = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if requested in (None, "auto"):
        return next(name for name in DEVICES if present[name])
    name = str(requested).split(":")[0]
    if name not in present:
        raise ModelUnavailableError(f"{requested!r} is not a device: choose one of cuda, mps, cpu.")
    if not present[name]:
        raise ModelUnavailableError(
            f"This machine has no {name} device: leave the device out, or choose cpu."
        )
    return str(requested)
