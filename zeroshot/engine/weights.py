"""What the packed forward needs of a model: its tensors, by what they do.

BERT, RoBERTa and XLM-RoBERTa have one encoder under different names; they differ in where positions start and
in the head.  `read_weights` answers None for everything else, which then runs through transformers' own
forward.  Tensors are found by their names in the state dict, so a model need not be built to be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

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


class Words(Protocol):
    """A table of word embeddings `[entries, width]`, in whatever form its model keeps it."""

    def __len__(self) -> int: ...

    def rows(self, ids: torch.Tensor) -> torch.Tensor:
        """Ids `int64 [tokens]` -> a new tensor, float32 `[tokens, width]`."""
        ...

    def to(self, device: str) -> Words:
        """The same, on a device."""
        ...


@dataclass(frozen=True)
class Table:
    """The ordinary form: one tensor."""

    weight: torch.Tensor

    def __len__(self) -> int:
        return len(self.weight)

    def rows(self, ids: torch.Tensor) -> torch.Tensor:
        """See `Words`."""
        return self.weight.index_select(0, ids)

    def to(self, device: str) -> Table:
        """See `Words`."""
        return Table(self.weight.to(device))


@dataclass(frozen=True)
class Weights:
    """All tensors of the model; they are the model's own, not copies.

    Attributes:
        words: the word embeddings.
        positions, types: the other embedding tables `[entries, width]`.
        first_position: row of `positions` for a pair's first token.
        pad: the padding id where it takes no position (RoBERTa's rule), else None.
        dense, classes: the head: `classes(tanh(dense(first token)))`, in all three families.
        approximate: of the activation, as `torch.nn.functional.gelu` names it.
    """

    family: str
    heads: int
    words: Words
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


class Tensors(Protocol):
    """A model that has not been built: what its files hold.

    Importing transformers' modelling code takes longer than reading the files; who computes with the packed
    forward does without.
    """

    architecture: str
    """Name of the transformers class."""
    config: Any
    """As the stock model's, with what `config.json` says."""

    @property
    def words(self) -> Words:
        """The word embeddings."""
        ...

    def state_dict(self) -> Mapping[str, torch.Tensor]:
        """Tensors by the stock model's names, all but `words`."""
        ...

    def stock(self) -> PreTrainedModel:
        """Builds the stock model."""
        ...


def read_weights(model: PreTrainedModel | Tensors) -> Weights | None:
    """The tensors of a model of a known family, or None: also where some of its modules were exchanged."""
    try:
        return _read(model)
    except KeyError:
        return None


def _read(model: PreTrainedModel | Tensors) -> Weights | None:
    family = FAMILIES.get(getattr(model, "architecture", type(model).__name__))
    config: Any = model.config
    if family is None or not _plain(config):
        return None
    part = _Part(model.state_dict(), config.layer_norm_eps)
    body = part / ("bert" if family == "bert" else "roberta")
    embeddings = body / "embeddings"
    words: Words | None = getattr(model, "words", None)
    pad = None if family == "bert" else int(config.pad_token_id)
    head = part / "classifier"
    return Weights(
        family=family,
        heads=config.num_attention_heads,
        words=Table(embeddings.tensor("word_embeddings.weight")) if words is None else words,
        positions=embeddings.tensor("position_embeddings.weight"),
        types=embeddings.tensor("token_type_embeddings.weight"),
        first_position=0 if pad is None else pad + 1,
        pad=pad,
        norm=(embeddings / "LayerNorm").norm(),
        layers=[_layer(body / f"encoder.layer.{number}") for number in range(config.num_hidden_layers)],
        dense=(body / "pooler.dense" if family == "bert" else head / "dense").affine(),
        classes=(head if family == "bert" else head / "out_proj").affine(),
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


@dataclass(frozen=True)
class _Part:
    """The tensors whose names begin with `prefix`."""

    state: Mapping[str, torch.Tensor]
    eps: float
    prefix: str = ""

    def __truediv__(self, name: str) -> _Part:
        return _Part(self.state, self.eps, f"{self.prefix}{name}.")

    def tensor(self, name: str) -> torch.Tensor:
        return self.state[self.prefix + name].detach()

    def affine(self) -> Affine:
        return Affine(self.tensor("weight"), self.tensor("bias"))

    def norm(self) -> Norm:
        return Norm(self.tensor("weight"), self.tensor("bias"), self.eps)


def _layer(layer: _Part) -> Layer:
    attention = layer / "attention"
    return Layer(
        query=(attention / "self.query").affine(),
        key=(attention / "self.key").affine(),
        value=(attention / "self.value").affine(),
        output=(attention / "output.dense").affine(),
        attention_norm=(attention / "output.LayerNorm").norm(),
        up=(layer / "intermediate.dense").affine(),
        down=(layer / "output.dense").affine(),
        output_norm=(layer / "output.LayerNorm").norm(),
    )
