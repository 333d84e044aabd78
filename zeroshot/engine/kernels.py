"""Linear layers with prepared weights: the only module that touches torch's private operators.

A linear layer is asked for in three forms, because oneDNN can do what follows the product while its result is
still in the cache: `plain`, `gelu` and `add` (a residual).  Each kind that uses a private operator has a
plain twin that any torch runs; `pick` hands out the private one only after it gave the twin's answer on a
sample.

int8: a weight has one scale for each output channel, an activation one for each row, found as the row comes
by. So what a pair of texts gets never depends on the pairs computed beside it; and since the products are
sums of whole numbers, these are the same to the bit.  Columns of an activation that are known for large
values can be kept out of the row's scale and are multiplied in float32 (LLM.int8(), Dettmers et al., 2022,
arXiv:2208.07339).
"""

from __future__ import annotations

# ruff: noqa: SLF001 - private operators are what this module is for
import warnings
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch.nn import functional as F  # noqa: N812 - its usual name

if TYPE_CHECKING:
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


class MakeLinear(Protocol):
    """A kind of linear layer.

    Args of the call:
        weight, bias: `[out, in]` and `[out]`.
        approximate: of `gelu`, as `torch.nn.functional.gelu` names it.
        after_gelu: whether the inputs are what `gelu` gives, and so never below -0.17, and are needed
            by nobody else: their memory may be written over.
        outliers: columns of the inputs that are much larger than the others, `int64 [few]`: to be kept apart
            where the others would lose by them (`zeroshot.engine.outliers`).
    """

    def __call__(
        self,
        weight: Tensor,
        bias: Tensor,
        approximate: str = "none",
        *,
        after_gelu: bool = False,
        outliers: Tensor | None = None,
    ) -> Linear:
        """Makes a layer."""
        ...


class PlainLinear:
    """Public torch operators only; the twin of `OneDnnLinear`."""

    def __init__(
        self,
        weight: Tensor,
        bias: Tensor,
        approximate: str = "none",
        *,
        after_gelu: bool = False,
        outliers: Tensor | None = None,
    ) -> None:
        del after_gelu, outliers
        self._weight, self._bias, self._approximate = weight, bias, approximate

    def plain(self, x: Tensor) -> Tensor:
        """See `Linear`."""
        return F.linear(x, self._weight, self._bias)

    def gelu(self, x: Tensor) -> Tensor:
        """See `Linear`."""
        return F.gelu(self.plain(x), approximate=self._approximate)

    def add(self, x: Tensor, residual: Tensor) -> Tensor:
        """See `Linear`."""
        return self.plain(x).add_(residual)


class OneDnnLinear:
    """oneDNN with weights in the blocked order that its kernels read (float32, bfloat16)."""

    def __init__(
        self,
        weight: Tensor,
        bias: Tensor,
        approximate: str = "none",
        *,
        after_gelu: bool = False,
        outliers: Tensor | None = None,
    ) -> None:
        del after_gelu, outliers
        ops = torch.ops.mkldnn
        # The number is how many rows the order is chosen for; any number of rows then works.
        self._weight = ops._reorder_linear_weight.default(weight.contiguous(), 512)
        self._bias, self._approximate = bias, approximate
        # Named by overload: where torch has to try them, it prints the tensors into the error of each miss.
        self._unary, self._binary = ops._linear_pointwise.default, ops._linear_pointwise.binary

    def plain(self, x: Tensor) -> Tensor:
        """See `Linear`."""
        return _tensor(self._unary(x, self._weight, self._bias, "none", [], ""))

    def gelu(self, x: Tensor) -> Tensor:
        """See `Linear`."""
        return _tensor(self._unary(x, self._weight, self._bias, "gelu", [], self._approximate))

    def add(self, x: Tensor, residual: Tensor) -> Tensor:
        """See `Linear`."""
        return _tensor(self._binary(x, residual, self._weight, self._bias, "add"))


SMALLEST_SCALE = 1e-8
"""Of a row or channel of zeros."""

CENTRE = 128
"""Stands for 0 in a quantised row."""

GELU_ZERO = 24
"""Stands for 0 in a quantised row of `gelu`'s: little room below, where it never goes, more above."""


def _row_scales(x: Tensor, *, after_gelu: bool, outliers: Tensor | None) -> Tensor:
    """Size of one step for each row of `x`, `[rows, 1]`; its outliers do not count."""
    if after_gelu:
        return x.amax(1, keepdim=True).div_(255 - GELU_ZERO).clamp_min_(0.17 / GELU_ZERO)
    sizes = x.abs()
    if outliers is not None:
        sizes.index_fill_(1, outliers, 0)
    return sizes.amax(1, keepdim=True).div_(255 - CENTRE).clamp_min_(SMALLEST_SCALE)


def quantise_weight(weight: Tensor) -> tuple[Tensor, Tensor]:
    """`[out, in]` -> whole numbers `int8 [out, in]` and scales `[out]`.

    A weight that was stored as int8 in this way comes back as it was.
    """
    scales = weight.abs().amax(1).div(127).clamp_min(SMALLEST_SCALE)
    return torch.round(weight / scales[:, None]).to(torch.int8), scales


class Int8Twin:
    """What `Int8Linear` computes, by public operators and slowly; for its test on a sample."""

    def __init__(
        self,
        weight: Tensor,
        bias: Tensor,
        approximate: str = "none",
        *,
        after_gelu: bool = False,
        outliers: Tensor | None = None,
    ) -> None:
        self._weight, self._scales = quantise_weight(weight.float())
        self._bias, self._approximate, self._after_gelu = bias.float(), approximate, after_gelu
        self._outliers = outliers

    def plain(self, x: Tensor) -> Tensor:
        """See `Linear`."""
        outliers = torch.tensor([], dtype=torch.int64) if self._outliers is None else self._outliers
        apart = torch.zeros_like(x)
        apart[:, outliers] = x[:, outliers]
        scales = _row_scales(x, after_gelu=self._after_gelu, outliers=outliers)
        zero = GELU_ZERO if self._after_gelu else CENTRE
        steps = (torch.round((x - apart) * scales.reciprocal()) + zero).clamp(0, 255) - zero
        products = (steps.double() @ self._weight.double().T).float()  # exact: whole numbers below 2 ** 53
        return products * self._scales * scales + self._bias + apart @ (self._weight.float().T * self._scales)

    def gelu(self, x: Tensor) -> Tensor:
        """See `Linear`."""
        return F.gelu(self.plain(x), approximate=self._approximate)

    def add(self, x: Tensor, residual: Tensor) -> Tensor:
        """See `Linear`."""
        return self.plain(x).add_(residual)


class Int8Linear:
    """oneDNN's product of whole numbers.  Takes and gives float32."""

    def __init__(
        self,
        weight: Tensor,
        bias: Tensor,
        approximate: str = "none",
        *,
        after_gelu: bool = False,
        outliers: Tensor | None = None,
    ) -> None:
        whole, self._scales = quantise_weight(weight.float())
        self._outliers = outliers
        if outliers is not None:
            self._apart = (whole[:, outliers] * self._scales[:, None]).T.contiguous()
            whole[:, outliers] = 0  # whatever is left of them in a quantised row then counts for nothing
        self._weight = torch.ops.onednn.qlinear_prepack.default(whole.contiguous(), None)
        self._zeros = torch.zeros(len(whole), dtype=torch.int32)
        self._bias, self._approximate, self._after_gelu = bias.float(), approximate, after_gelu
        self._zero = GELU_ZERO if after_gelu else CENTRE
        self._product = torch.ops.onednn.qlinear_pointwise.default

    def _scaled(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The product but for the scale of each row, and these scales `[rows, 1]`."""
        scales = _row_scales(x, after_gelu=self._after_gelu, outliers=self._outliers)
        # What `gelu` gave is read here and never again: its memory may be used.
        whole = x.mul_(scales.reciprocal()) if self._after_gelu else x * scales.reciprocal()
        # One pass that rounds, clamps and narrows, where torch's plain operators make four.  Its bytes are
        # looked at in place: `int_repr` copies them one by one.
        quantised = torch.quantize_per_tensor(whole, 1.0, self._zero, torch.quint8)
        steps = torch.empty(0, dtype=torch.uint8).set_(
            quantised.untyped_storage(), 0, x.shape, quantised.stride()
        )
        weight = (self._weight, self._scales, self._zeros)
        # No bias, a result in float32, nothing computed after it.
        result: tuple[Any, ...] = (None, 1.0, 0, torch.float32, "none", [], "")
        return _tensor(self._product(steps, 1.0, self._zero, *weight, *result)), scales

    def plain(self, x: Tensor) -> Tensor:
        """See `Linear`."""
        rest = self._bias
        if self._outliers is not None:
            rest = torch.addmm(rest, x.index_select(1, self._outliers), self._apart)
        product, scales = self._scaled(x)
        return torch.addcmul(rest, product, scales, out=product)

    def gelu(self, x: Tensor) -> Tensor:
        """See `Linear`."""
        return torch.ops.aten.gelu_.default(self.plain(x), approximate=self._approximate)

    def add(self, x: Tensor, residual: Tensor) -> Tensor:
        """See `Linear`."""
        return self.plain(x).add_(residual)


def _tensor(value: Any) -> Tensor:
    """A result of a private operator, which torch types as anything."""
    tensor: Tensor = value
    return tensor


def agree(make: MakeLinear, twin: MakeLinear, dtype: torch.dtype = torch.float32) -> bool:
    """Whether two kinds of linear layer give the same answers on a sample, in all forms.

    The sample is as long as a real layer's row and holds the largest values that int8 knows: a processor
    whose instructions overflow there (pairs of products summed in 16 bits) is found out.
    """
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(48, 384, generator=generator).to(dtype) / 16
    weight[0] = 1
    bias = torch.randn(48, generator=generator).to(dtype)
    x = torch.randn(17, 384, generator=generator).to(dtype)
    x[0] = 2
    x[:, 5] = 40
    residual = torch.randn(17, 48, generator=generator).to(dtype)
    tolerance = 1e-4 if dtype == torch.float32 else 0.1
    try:
        for after_gelu, outliers in ((False, None), (True, None), (False, torch.tensor([5, 200]))):
            one = make(weight, bias, after_gelu=after_gelu, outliers=outliers)
            two = twin(weight, bias, after_gelu=after_gelu, outliers=outliers)
            given = F.gelu(x) if after_gelu else x
            answers = [
                (kind.plain(given.clone()), kind.gelu(given.clone()), kind.add(given.clone(), residual))
                for kind in (one, two)
            ]
            # Not `torch.testing`: it takes a second to import what it compares tensors with.
            if not all(
                (a.dtype, a.shape) == (b.dtype, b.shape)
                and torch.allclose(a, b, atol=tolerance, rtol=tolerance)
                for a, b in zip(*answers, strict=True)
            ):
                return False
    except (RuntimeError, NotImplementedError, AttributeError, TypeError):
        return False  # this torch, or this processor, does not have it
    return True


def pick(precision: str) -> MakeLinear | None:
    """The fastest kind of linear layer for a precision that works on this CPU; None where int8 has none."""
    with warnings.catch_warnings(), torch.inference_mode():
        # torch means to drop its quantised tensors one day; `agree` will then say so.
        warnings.filterwarnings("ignore", message=".*quantize_per_tensor", category=UserWarning)
        if precision == "int8":
            return Int8Linear if agree(Int8Linear, Int8Twin) else None
        dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
        return OneDnnLinear if agree(OneDnnLinear, PlainLinear, dtype) else PlainLinear


def fast_int8() -> bool:
    """Whether this CPU has instructions for int8 products, and `Int8Linear` is right on it."""
    return _has("avx512_vnni", "avx_vnni", "amx_int8") and pick("int8") is not None


def fast_bfloat16() -> bool:
    """Whether this CPU multiplies matrices in bfloat16 faster than in float32."""
    return _has("amx_bf16")


def some_bfloat16() -> bool:
    """Whether this CPU has any instructions for bfloat16."""
    return _has("amx_bf16", "avx512_bf16")


def _has(*features: str) -> bool:
    if hasattr(torch.cpu, "get_capabilities"):
        capabilities = torch.cpu.get_capabilities()
        return any(capabilities.get(feature, False) for feature in features)
    older = {  # torch before 2.12
        "avx512_vnni": "_is_vnni_supported",
        "avx512_bf16": "_is_avx512_bf16_supported",
        "amx_int8": "_is_amx_tile_supported",
        "amx_bf16": "_is_amx_tile_supported",
    }
    return any(bool(getattr(torch.cpu, older.get(feature, ""), bool)()) for feature in features)
