from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from zeroshot import nli
from zeroshot.errors import ModelFormatError
from zeroshot.nli import Classes, find_classes

logits = hnp.arrays(
    np.float32, st.tuples(st.integers(1, 30), st.just(3)), elements=st.floats(-1000, 1000, width=32)
)
CLASSES = Classes(2, 0, 1)


@pytest.mark.parametrize(
    ("names", "classes"),
    [
        (["contradiction", "neutral", "entailment"], (2, 0, 1)),
        (["ENTAILMENT", "NEUTRAL", "CONTRADICTION"], (0, 2, 1)),
        (["entailment", "contradiction", "neutral"], (0, 1, 2)),
        (["neutral", "entailment", "contradiction"], (1, 2, 0)),
        (["entailment", "not_entailment"], (0, 1, None)),
        (["Not Entailment", "Entailment"], (1, 0, None)),
        (["non-entailment", "entailed"], (1, 0, None)),
        (["contradiction", "entailment"], (1, 0, None)),
    ],
)
def test_classes_by_name(names: list[str], classes: tuple[int, int, int | None]) -> None:
    assert find_classes(dict(enumerate(names))) == classes


@pytest.mark.parametrize(
    "names",
    [
        ["LABEL_0", "LABEL_1", "LABEL_2"],
        ["entailment", "LABEL_1"],
        ["positive", "negative"],
        ["entailment", "entailment 2", "contradiction"],
        ["neutral", "contradiction", "other"],
        ["entailment"],
        ["not_entailment", "neutral", "entailment"],
        [],
    ],
)
def test_nothing_is_guessed(names: list[str]) -> None:
    with pytest.raises(ModelFormatError, match="entailment"):
        find_classes(dict(enumerate(names)))


@given(logits)
def test_scores_are_probabilities(values: nli.Floats) -> None:
    single = nli.single_label(values, CLASSES)
    multi = nli.multi_label(values, CLASSES)
    assert np.isfinite(single).all()
    assert ((multi >= 0) & (multi <= 1)).all()
    np.testing.assert_allclose(nli.three_way(values).sum(-1), 1, atol=1e-5)
    if len(values) > 1:
        np.testing.assert_allclose(single.sum(), 1, atol=1e-5)
    else:
        np.testing.assert_array_equal(single, multi)


@given(logits)
def test_the_order_is_that_of_transformers(values: nli.Floats) -> None:
    scores = nli.multi_label(values, CLASSES)
    assert nli.ranking(scores) == [int(i) for i in reversed(scores.argsort())]
    assert list(scores[nli.ranking(scores)]) == sorted(scores, reverse=True)


@given(hnp.arrays(np.float32, (7, 3), elements=st.floats(-20, 20, width=32)), st.permutations(range(3)))
def test_the_order_of_classes_does_not_matter(values: nli.Floats, order: list[int]) -> None:
    moved = Classes(order.index(2), order.index(0), order.index(1))
    np.testing.assert_allclose(
        nli.multi_label(values[:, order], moved), nli.multi_label(values, CLASSES), atol=1e-6
    )
    np.testing.assert_allclose(
        nli.single_label(values[:, order], moved), nli.single_label(values, CLASSES), atol=1e-6
    )


def test_saturated_logits_stay_finite() -> None:
    values = np.array([[1e4, 0, -1e4], [-1e4, 0, 1e4]], dtype=np.float32)
    np.testing.assert_array_equal(nli.multi_label(values, CLASSES), [0, 1])
