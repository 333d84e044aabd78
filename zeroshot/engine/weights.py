"""What the packed forward needs of a stock transformers model: its tensors, by what they do.

BERT, RoBERTa and XLM-RoBERTa have one encoder under different names; they differ in where positions start and
in the head.  `read_weights` answers None for everything else, which then runs through transformers' own
forward.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

FAMILIES = {
    "BertForSequenceClassification": "bert",
    "RobertaForSequenceClassification": "roberta",
    "XLMRobertaForSequenceClassification": "xlm-roberta",
}
"""Exact class names: a subclass may compute something else."""

ACTIVATIONS = {"gelu": "none", "gelu_new": "tanh", "gelu_pytorch_tanh": "tanh"}
"""Activation of the feed-forward part -> `approximate` of `torch.nn.functional.gelu`."""


@dataclass(frozen=True)
class Affine:
    """A linear layer: `weight [out, in]`, `bias [out]`."""

    weight: torch.Tensor
    bias: torch.Tensor

    def to(self, device: str) -> Affine:
        """The same, on a device."""
        return Affine(self.weight.to(device), self.bias.to(device))


@dataclass(frozen=True)
class Norm:
    """A layer normalisation: `weight` and `bias` `[width]`, `eps`."""

    weight: torch.Tensor
    bias: torch.Tensor
    eps: float

    def to(self, device: str) -> Norm:
        """The same, on a device."""
        return Norm(self.weight.to(device), self.bias.to(device), self.eps)


@dataclass(frozen=True)
class Layer:
    """One layer of the encoder."""

    query: Affine
    key: Affine
    value: Affine
    output: Affine
    attention_norm: Norm
    up: Affine
    down: Affine
    output_norm: Norm


@dataclass(frozen=True)
class Weights:
    """All tensors of the model; they are the model's own, not copies.

    Attributes:
        words, positions, types: embedding tables `[entries, width]`.
        first_position: row of `positions` for a pair's first token.
        pad: the padding id where it takes no position (RoBERTa's rule), else None.
        dense, classes: the head: `classes(tanh(dense(first token)))`, in all three families.
        approximate: of the activation, as `torch.nn.functional.gelu` names it.
    """

    family: str
    heads: int
    words: torch.Tensor
    positions: torch.Tensor
    types: torch.Tensor
    first_position: int
    pad: int | None
    norm: Norm
    layers: list[Layer]
    dense: Affine
    classes: Affine
    approximate: str

    @property
    def max_length(self) -> int:
        """Tokens in the longest pair that has a position for each."""
        return len(self.positions) - self.first_position


def read_weights(model: PreTrainedModel) -> Weights | None:
    """The tensors of a model of a known family, or None."""
    family = FAMILIES.get(type(model).__name__)
    config = model.config
    if family is None or not _plain(config):
        return None
    parts: Any = model
    encoder = parts.bert if family == "bert" else parts.roberta
    embeddings = encoder.embeddings
    pad = None if family == "bert" else int(embeddings.padding_idx)
    head = parts.classifier
    return Weights(
        family=family,
        heads=config.num_attention_heads,
        words=embeddings.word_embeddings.weight.detach(),
        positions=embeddings.position_embeddings.weight.detach(),
        types=embeddings.token_type_embeddings.weight.detach(),
        first_position=0 if pad is None else pad + 1,
        pad=pad,
        norm=_norm(embeddings.LayerNorm),
        layers=[_layer(layer) for layer in encoder.encoder.layer],
        dense=_affine(encoder.pooler.dense if family == "bert" else head.dense),
        classes=_affine(head if family == "bert" else head.out_proj),
        approximate=ACTIVATIONS[config.hidden_act],
    )


def _plain(config: Any) -> bool:
    """Whether the encoder is the ordinary one: no decoder, absolute positions, an activation that we know."""
    return (
        not getattr(config, "is_decoder", False)
        and not getattr(config, "add_cross_attention", False)
        and getattr(config, "position_embedding_type", "absolute") in {None, "absolute"}
        and config.hidden_act in ACTIVATIONS
    )


def _affine(linear: Any) -> Affine:
    return Affine(linear.weight.detach(), linear.bias.detach())


def _norm(norm: Any) -> Norm:
    return Norm(norm.weight.detach(), norm.bias.detach(), norm.eps)


def _layer(layer: Any) -> Layer:
    attention = layer.attention
    return Layer(
        query=_affine(attention.self.query),
        key=_affine(attention.self.key),
        value=_affine(attention.self.value),
        output=_affine(attention.output.dense),
        attention_norm=_norm(attention.output.LayerNorm),
        up=_affine(layer.intermediate.dense),
        down=_affine(layer.output.dense),
        output_norm=_norm(layer.output.LayerNorm),
    )
