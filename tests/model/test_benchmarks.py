"""The benchmarks' stock side is transformers' pipeline as a folder asks for it, whatever the family."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.contender import Setup, _ours, _stock
from benchmarks.speed import Sizes, facts
from tests.model.tiny import build, wrap
from zeroshot.models.loading import load, register_local


@pytest.mark.parametrize(
    ("family", "typed"), [("bert", True), ("bert", False), ("xlm-roberta", False), ("bart", False)]
)
def test_both_sides_give_the_same_scores(tmp_path: Path, family: str, typed: bool) -> None:
    model, letters = build(family)
    model.save_pretrained(tmp_path)
    wrap(letters, max_length=128, typed=typed).save_pretrained(tmp_path)
    loaded = load(register_local(str(tmp_path)))
    ours, precision = _ours(loaded, Setup("ours", str(tmp_path), "cpu", "float32"))
    assert precision == "float32"
    stock = _stock(loaded, "cpu")
    texts, labels, template = (
        ["das ist kunst", "sport. " * 60],
        ["kunst", "sport und mehr", "x"],
        "es ist {}.",
    )
    for batch_size in (None, 2):
        for mine, other in zip(
            ours(texts, labels, template, None), stock(texts, labels, template, batch_size), strict=True
        ):
            assert mine == pytest.approx(other, abs=1e-5)


@pytest.mark.parametrize(("family", "sizes"), [("bert", Sizes(2, 32, 64)), ("bart", None)])
def test_sizes_are_known_of_what_the_packed_forward_runs(
    tmp_path: Path, family: str, sizes: Sizes | None
) -> None:
    model, letters = build(family)
    model.save_pretrained(tmp_path)
    wrap(letters, max_length=128, typed=False).save_pretrained(tmp_path)
    found, work = facts(str(tmp_path), rounds=2)
    assert found == sizes
    assert all(len(texts) == 2 for _, texts, _, _ in work)
