"""The engine's logits are those of transformers' forward on the same weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.engine.conftest import (
    LONGEST,
    PACKED,
    SIZES,
    make_model,
    make_tokenizer,
    random_pairs,
    stock_logits,
)
from zeroshot.engine import kernels, make_engine
from zeroshot.engine.outliers import find_outliers
from zeroshot.engine.packed import PackedModel
from zeroshot.engine.tokens import read_layout
from zeroshot.engine.weights import read_weights


def test_float32_is_exact_over_a_thousand_pairs_of_mixed_lengths(family: str) -> None:
    model, tokenizer = make_model(family), make_tokenizer(family)
    engine = make_engine(model, tokenizer, precision="float32")
    pairs = random_pairs(1000)
    expected = stock_logits(model, tokenizer, pairs)
    assert np.ptp(expected, axis=0).min() > 0.05, "the model must tell pairs apart, or this test says nothing"
    np.testing.assert_allclose(engine.logits(pairs), expected, atol=1e-5)
    engine.close()


@pytest.mark.parametrize("family", PACKED)
def test_these_families_are_packed(family: str) -> None:
    assert read_weights(make_model(family)) is not None


@pytest.mark.parametrize(
    "changes", [{"hidden_act": "gelu_new"}, {"hidden_act": "relu"}, {"num_hidden_layers": 1}]
)
def test_other_configurations_of_a_packed_family(changes: dict[str, object]) -> None:
    model, tokenizer = make_model("xlm-roberta", **changes), make_tokenizer("xlm-roberta")
    engine = make_engine(model, tokenizer, precision="float32")
    pairs = random_pairs(50)
    np.testing.assert_allclose(engine.logits(pairs), stock_logits(model, tokenizer, pairs), atol=1e-5)
    engine.close()


def test_max_length_is_what_the_model_has_positions_for(family: str) -> None:
    engine = make_engine(make_model(family), make_tokenizer(family), precision="float32")
    assert engine.max_length == LONGEST
    assert engine.num_classes == SIZES["num_labels"]


@pytest.mark.parametrize(("precision", "atol"), [("bfloat16", 0.1), ("int8", 0.1)])
@pytest.mark.parametrize("family", PACKED)
def test_lower_precision_stays_close(family: str, precision: str, atol: float) -> None:
    model, tokenizer = make_model(family), make_tokenizer(family)
    weights = read_weights(model)
    assert weights is not None
    # The twins run anywhere; where the processor has the instructions its operators are tested below.
    kind = kernels.Int8Twin if precision == "int8" else kernels.PlainLinear
    packed = PackedModel(weights, read_layout(tokenizer), precision=precision, kind=kind)
    pairs = random_pairs(100, longest=40)
    np.testing.assert_allclose(packed(pairs), stock_logits(model, tokenizer, pairs), atol=atol)


@pytest.mark.skipif(not kernels.fast_int8(), reason="this processor has no int8 instructions")
def test_int8_operators_compute_what_the_twin_does() -> None:
    weights = read_weights(make_model("xlm-roberta"))
    assert weights is not None
    layout = read_layout(make_tokenizer("xlm-roberta"))
    outliers = find_outliers(weights, layout)
    fast = PackedModel(weights, layout, precision="int8", kind=kernels.Int8Linear, outliers=outliers)
    slow = PackedModel(weights, layout, precision="int8", kind=kernels.Int8Twin, outliers=outliers)
    pairs = random_pairs(200, longest=40)
    difference = np.abs(fast(pairs) - slow(pairs))
    # A value that lies between two steps may be rounded either way, and moves what follows by a step.
    assert np.median(difference) < 1e-3
    assert difference.max() < 0.05


@pytest.mark.skipif(not kernels.fast_int8(), reason="this processor has no int8 instructions")
def test_int8_does_not_depend_on_the_neighbours() -> None:
    weights = read_weights(make_model("bert"))
    assert weights is not None
    layout = read_layout(make_tokenizer("bert"))
    model = PackedModel(weights, layout, precision="int8", outliers=find_outliers(weights, layout))
    pairs = random_pairs(60, longest=50)
    together = model(pairs)
    alone = np.concatenate([model([pair]) for pair in pairs])
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_float32_by_private_and_by_public_operators() -> None:
    weights = read_weights(make_model("bert-types"))
    assert weights is not None
    layout = read_layout(make_tokenizer("bert-types"))
    pairs = random_pairs(200, longest=50)
    fast = PackedModel(weights, layout, precision="float32")(pairs)
    plain = PackedModel(weights, layout, precision="float32", kind=kernels.PlainLinear)(pairs)
    np.testing.assert_allclose(fast, plain, atol=1e-5)


def test_the_callers_model_is_not_changed() -> None:
    model = make_model("bert")
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    engine = make_engine(model, make_tokenizer("bert"))
    engine.logits(random_pairs(20, longest=40))
    engine.close()
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
