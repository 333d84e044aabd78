"""Where a model runs."""

from __future__ import annotations

import re

from zeroshot.errors import ModelUnavailableError

DEVICES = ("cuda", "mps", "cpu")


def pick_device(requested: str | None = None) -> str:
    """`requested` if this machine has it (`cuda:1` is the second GPU); without a request the best there is.

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
    known = re.fullmatch(r"(cuda):(\d+)|(cuda|mps|cpu)", str(requested))
    if known is None:
        raise ModelUnavailableError(f"{requested!r} is not a device: choose one of {', '.join(DEVICES)}.")
    name, number = known[1] or known[3], int(known[2] or 0)
    if not present[name] or (number and number >= torch.cuda.device_count()):
        raise ModelUnavailableError(
            f"This machine has no {requested} device: leave the device out, or choose cpu."
        )
    return str(requested)
