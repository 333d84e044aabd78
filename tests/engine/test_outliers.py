"""Columns with large values are found, and kept apart they no longer cost int8 its digits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from tests.engine.conftest import make_model, make_tokenizer, random_pairs
from zeroshot import get_pipeline
from zeroshot.engine import kernels
from zeroshot.engine.outliers import COLUMNS, find_outliers
from zeroshot.engine.packed import PackedModel
from zeroshot.engine.tokens import read_layout
from zeroshot.engine.weights import Weights, read_weights
from zeroshot.models.loading import load

if TYPE_CHECKING:
    from zeroshot.engine.tokens import PairLayout

LARGE = {5, 40}
EXAMPLES = Path(__file__).parents[2] / "examples.json"


def with_large_columns() -> tuple[Weights, PairLayout]:
    model = make_model("bert", num_hidden_layers=4)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "LayerNorm.weight" in name:
                parameter[list(LARGE)] *= 30
    weights = read_weights(model)
    assert weights is not None
    return weights, read_layout(make_tokenizer("bert"))


def error(weights: Weights, layout: PairLayout, *, apart: bool) -> float:
    pairs = random_pairs(80, longest=40)
    exact = PackedModel(weights, layout, precision="float32")(pairs)
    outliers = find_outliers(weights, layout) if apart else ()
    whole = PackedModel(weights, layout, precision="int8", kind=kernels.Int8Twin, outliers=outliers)(pairs)
    return float(np.sqrt(np.mean((whole - exact) ** 2)))


def test_large_columns_are_found_in_the_lower_half() -> None:
    found = find_outliers(*with_large_columns())
    assert len(found) == 2
    for layer in found:
        for columns in layer:
            assert columns is not None
            assert len(columns) == COLUMNS
            assert set(columns.tolist()) >= LARGE


def test_the_sample_is_always_the_same() -> None:
    one, two = (find_outliers(*with_large_columns()) for _ in range(2))
    assert all(torch.equal(a, b) for x, y in zip(one, two, strict=True) for a, b in zip(x, y, strict=True))


def test_a_model_of_one_layer_has_none() -> None:
    weights = read_weights(make_model("bert", num_hidden_layers=1))
    assert weights is not None
    assert find_outliers(weights, read_layout(make_tokenizer("bert"))) == []


def test_kept_apart_they_cost_less() -> None:
    weights, layout = with_large_columns()
    assert error(weights, layout, apart=True) < 0.8 * error(weights, layout, apart=False)


@pytest.mark.skipif(not kernels.fast_int8(), reason="this processor has no int8 instructions")
def test_the_embedded_model_comes_closer_to_its_float32() -> None:
    loaded = load("embedded")
    weights = read_weights(loaded.source)
    assert weights is not None
    engine = get_pipeline("embedded", "cpu", "float32").engine
    layout = read_layout(loaded.tokenizer)
    texts = [example["text"] for example in json.loads(EXAMPLES.read_text("utf-8"))["examples"]]
    premises = engine.tokenize(texts)
    hypotheses = engine.tokenize([f"This text is about {label}." for label in ("politics", "sport", "cars")])
    pairs = [(premise, hypothesis) for premise in premises for hypothesis in hypotheses]
    exact = PackedModel(weights, layout, precision="float32")(pairs)
    errors = [
        np.sqrt(np.mean((PackedModel(weights, layout, precision="int8", outliers=apart)(pairs) - exact) ** 2))
        for apart in (find_outliers(weights, layout), ())
    ]
    assert errors[0] < 0.9 * errors[1], errors
