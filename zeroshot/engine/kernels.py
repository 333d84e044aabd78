"""Linear layers with prepared weights: the only module that touches torch's private operators.

A linear layer is asked for in three forms, because oneDNN can do what follows the product while its result is
still in the cache: `plain`, `gelu` and `add` (a residual).  Each private form has a plain twin that any torch can
run; `prepare` hands out the private one only after it gave the twin's answer on a sample.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch.nn import functional as F  # noqa: N812 - its usual name

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor


class Linear(Protocol):
    """`x [rows, in]` -> `[rows, out]`."""

    def plain(self, x: Tensor) -> Tensor:
        """The product and the bias."""
        ...

    def gelu(self, x: Tensor) -> Tensor:
        """`gelu(plain(x))`."""
        ...

    def add(self, x: Tensor, residual: Tensor) -> Tensor:
        """`plain(x) + residual`."""
        ...


class PlainLinear:
    """Public torch operators only; the twin of `OneDnnLinear`."""

    def __init__(self, weight: Tensor, bias: Tensor, approximate: str = "none") -> None:
        self._weight, self._bias, self._approximate = weight, bias, approximate

    def plain(self, x: Tensor) -> Tensor:
        return F.linear(x, self._weight, self._bias)

    def gelu(self, x: Tensor) -> Tensor:
        return F.gelu(self.plain(x), approximate=self._approximate)

    def add(self, x: Tensor, residual: Tensor) -> Tensor:
        return self.plain(x).add_(residual)


class OneDnnLinear:
    """oneDNN with weights in the blocked order that its kernels read (float32, bfloat16)."""

    def __init__(self, weight: Tensor, bias: Tensor, approximate: str = "none") -> None:
        # The second argument is the number of rows that the order is chosen for; any number then works.
        self._weight = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), 512)
        self._bias, self._approximate = bias, approximate

    def plain(self, x: Tensor) -> Tensor:
        return _result(torch.ops.mkldnn._linear_pointwise.default(x, self._weight, self._bias, "none", [], ""))

    def gelu(self, x: Tensor) -> Tensor:
        return _result(torch.ops.mkldnn._linear_pointwise.default(x, self._weight, self._bias, "gelu", [], self._approximate))

    def add(self, x: Tensor, residual: Tensor) -> Tensor:
        return _result(torch.ops.mkldnn._linear_pointwise.binary(x, residual, self._weight, self._bias, "add"))


def _result(value: Any) -> Tensor:
    """torch types its private operators as returning anything."""
    tensor: Tensor = value
    return tensor


Kind = type[PlainLinear] | type[OneDnnLinear]


def _agrees(make: Callable[[Tensor, Tensor], Linear], twin: Callable[[Tensor, Tensor], Linear], dtype: torch.dtype) -> bool:
    """Whether two kinds of linear layer give the same answers on a sample, in all three forms."""
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(48, 64, generator=generator).to(dtype)
    bias, x = torch.randn(48, generator=generator).to(dtype), torch.randn(5, 64, generator=generator).to(dtype)
    residual = torch.randn(5, 48, generator=generator).to(dtype)
    tolerance = 1e-4 if dtype == torch.float32 else 0.1
    try:
        one, two = make(weight, bias), twin(weight, bias)
        answers = [(one.plain(x), two.plain(x)), (one.gelu(x), two.gelu(x))]
        answers.append((one.add(x, residual), two.add(x, residual)))
    except (RuntimeError, NotImplementedError, AttributeError, TypeError):
        return False  # this torch, or this processor, does not have it
    return all(torch.allclose(a.float(), b.float(), atol=tolerance, rtol=tolerance) for a, b in answers)


def pick(dtype: torch.dtype) -> Kind:
    """The fastest kind of linear layer for `dtype` that works on this processor."""
    return OneDnnLinear if _agrees(OneDnnLinear, PlainLinear, dtype) else PlainLinear
