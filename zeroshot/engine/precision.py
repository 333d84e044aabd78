"""Which precision a model is computed in.

`auto` means, with the packed forward:

- on a CPU with VNNI or AMX int8 instructions: `int8`.  Measured with AVX-512 VNNI on the embedded model:
  1.2 to 1.8 times as fast as float32; the likeliest class or topic stays the same in 99 % of XNLI and of
  SIB-200 and in all of the gallery (`benchmarks/RESULTS.md`, by `benchmarks.precision`);
- on a CPU with AMX bfloat16 instructions only: `bfloat16`.  AVX-512's bfloat16 instructions are no reason:
  where they were measured, products were slower than in float32;
- on CUDA: `bfloat16` where the GPU computes in it;
- otherwise `float32`.

It is decided by what the processor says it has and by whether the operators give the right answer on a
sample, never by a timing: a machine gives the same scores after every start.

transformers' own forward (families that are not packed) is computed in float32 on CPU and MPS.
"""

from __future__ import annotations

import torch

from zeroshot.engine import kernels

PRECISIONS = ("auto", "float32", "bfloat16", "int8")


def choose(requested: str, device: str, *, packed: bool) -> str:
    """The precision to compute in: `float32`, `bfloat16` or `int8`.

    What was asked for, where the device has instructions for it (fast or not), else `float32`.

    Raises:
        ValueError: `requested` is none of `PRECISIONS`.
    """
    if requested not in PRECISIONS:
        raise ValueError(f"{requested!r} is not a precision: choose one of {', '.join(PRECISIONS)}.")
    kind = device.partition(":")[0]
    if kind == "cuda":
        with torch.cuda.device(device):  # the question is about the current one
            offered = ["bfloat16"] if torch.cuda.is_bf16_supported(including_emulation=False) else []
    elif kind == "cpu" and packed:
        offered = ["int8"] if kernels.fast_int8() else []
        if kernels.fast_bfloat16():
            offered.append("bfloat16")
        if requested == "bfloat16" and kernels.some_bfloat16():
            return "bfloat16"
    else:
        offered = []
    if requested == "auto":
        return next(iter(offered), "float32")
    return requested if requested in offered else "float32"
