"""The encoder's forward for training: the weights of a stock `BertForSequenceClassification`,
fewer operations.

What it leaves out is what fine-tuning does not need: layers below `frozen` run without a graph, the
last layer computes its output for the first token only (the classifier reads nothing else), and
attention is two batched products and a softmax, which on CPU has a cheaper backward than the fused
operator at these lengths.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional as F  # noqa: N812 (its usual name)

if TYPE_CHECKING:
    from transformers import BertForSequenceClassification


def _layer(layer: Any, x: torch.Tensor, bias: torch.Tensor | None, heads: int, first: bool) -> torch.Tensor:
    attention, out = layer.attention.self, layer.attention.output
    rows, _, width = x.shape
    target = x[:, :1] if first else x

    def split(linear: torch.nn.Linear, states: torch.Tensor) -> torch.Tensor:
        return linear(states).view(rows, -1, heads, width // heads).transpose(1, 2)

    q = split(attention.query, target)
    k = split(attention.key, x)
    v = split(attention.value, x)
    scores = (q * (1 / math.sqrt(width // heads))) @ k.transpose(-1, -2)
    if bias is not None:
        scores = scores + bias
    context = (torch.softmax(scores, -1) @ v).transpose(1, 2).reshape(rows, -1, width)
    x = out.LayerNorm(out.dense(context) + target)
    hidden = F.gelu(layer.intermediate.dense(x))
    return layer.output.LayerNorm(layer.output.dense(hidden) + x)


def classify(
    model: BertForSequenceClassification, ids: torch.Tensor, lengths: torch.Tensor, frozen: int
) -> torch.Tensor:
    """Token ids `[pairs, length]`, padded at the end -> logits `[pairs, classes]`.

    Args:
        lengths: tokens of each pair.
        frozen: how many of the lowest layers are left as they are.
    """
    bert: Any = model.bert
    heads = bert.config.num_attention_heads
    bias = None
    if int(lengths.min()) < ids.shape[1]:
        blank = torch.arange(ids.shape[1], device=ids.device) >= lengths[:, None]
        bias = torch.zeros(blank.shape, device=ids.device).masked_fill(blank, -1e9)[:, None, None, :]
    layers = bert.encoder.layer
    with torch.no_grad():
        x = bert.embeddings(input_ids=ids)
        for layer in layers[:frozen]:
            x = _layer(layer, x, bias, heads, first=False)
    for layer in layers[frozen:-1]:
        x = _layer(layer, x, bias, heads, first=False)
    x = _layer(layers[-1], x, bias, heads, first=True)
    return model.classifier(model.dropout(torch.tanh(bert.pooler.dense(x[:, 0]))))
