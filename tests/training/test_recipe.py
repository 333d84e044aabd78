"""The recipe: what it draws, that a stopped run goes on exactly, and all of it on a handful of rows."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from transformers import BertConfig, BertForSequenceClassification

from training.base import BLOCK_DTYPE, read_packed
from training.export import pack_blocks
from training.forward import classify
from training.nli_data import CLASSES, LANGUAGES, Group, NliPairs
from training.recipe import AVERAGED, STAGES, mixture
from training.tokens import TokenCache, lay_pair
from training.train import ENTAILMENT, ranking_loss, run_stage
from training.zero_shot import ZeroShotGroups
from zeroshot.models.embedded_format import EMBEDDED_FOLDER, load_embedded, unpack_blocks

ROOT = Path(__file__).parents[2]


def tiny_model(layers: int = 4) -> BertForSequenceClassification:
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=250_037,
        hidden_size=16,
        num_hidden_layers=layers,
        num_attention_heads=2,
        intermediate_size=32,
        num_labels=3,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        pad_token_id=1,
    )
    return BertForSequenceClassification(config)


@pytest.fixture(scope="module")
def cache() -> TokenCache:
    return TokenCache(Tokenizer.from_file(str(EMBEDDED_FOLDER / "tokenizer.json")))


def test_tables_are_complete() -> None:
    folder = ROOT / "training" / "labels"
    concepts = [
        c for part in json.loads((folder / "concepts.json").read_text("utf-8")).values() for c in part
    ]
    assert len(concepts) == len(set(concepts))
    for code in LANGUAGES:
        content = json.loads((folder / f"{code}.json").read_text("utf-8"))
        assert set(content["names"]) == set(concepts), code
        assert all(
            names and all(name.strip() == name for name in names) for names in content["names"].values()
        )
        templates = [*content["templates"], content["request"], content["mood"]]
        assert all(template.count("{}") == 1 for template in templates)
        assert len(set(templates)) == len(templates)
        for path in sorted((ROOT / "training" / "texts").glob(f"{code}.jsonl")):
            for line in path.read_text("utf-8").splitlines():
                row = json.loads(line)
                assert row["text"].strip()
                assert not set(row["true"]) & set(row["unsure"])
                assert set(row["true"]) | set(row["unsure"]) <= set(concepts)


def test_what_may_be_true_is_not_taught_to_be_wrong(data: Path) -> None:
    """Of the classes of a public set, a text's own may imply another: a business is a company."""
    classes = json.loads((ROOT / "training" / "labels" / "classes.json").read_text("utf-8"))
    checked = 0
    for source, languages in ZeroShotGroups(data)._texts.items():
        for text in (text for texts in languages.values() for text in texts if source != "own"):
            for name in text.raw_wrong:
                known = classes[source]["classes"].get(name)
                if known and known["true"]:
                    assert not set(known["true"]) <= {*text.true, *text.unsure}, (source, text.raw, name)
                    checked += 1
    assert checked > 10


def test_a_source_may_have_parallel_rows_and_others(tmp_path: Path) -> None:
    rows = [
        {"premise": "one", "hypothesis": "eins", "parallel_id": "1", "language": "en"},
        {"premise": "un", "hypothesis": "ein", "parallel_id": "1", "language": "fr"},
        {"premise": "two", "hypothesis": "zwei", "language": "de"},
    ]
    (tmp_path / "nli").mkdir()
    for name in ("train", "xnli_validation"):
        with gzip.open(tmp_path / "nli" / f"{name}.jsonl.gz", "wt", encoding="utf-8") as lines:
            for row in rows if name == "train" else []:
                lines.write(json.dumps(row | {"label": "neutral", "source": "mnli-mt"}) + "\n")
    pairs = NliPairs(tmp_path)
    rng = np.random.default_rng(0)
    drawn = {
        (group.premise, *group.hypotheses) for group in (pairs.draw(rng, mixed=0.5) for _ in range(2000))
    }
    wanted = {("one", "eins"), ("one", "ein"), ("un", "eins"), ("un", "ein"), ("two", "zwei")}
    assert wanted <= drawn


def test_own_pairs_are_whole() -> None:
    paths = sorted((ROOT / "training" / "pairs").glob("*.jsonl"))
    assert {"bg", "el", "hi", "ru", "sw", "th", "ur"} <= {path.stem for path in paths} <= set(LANGUAGES)
    for path in paths:
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        assert len({row["premise"] for row in rows}) == len(rows) > 0
        for row in rows:
            assert set(row) == {"premise", *CLASSES}
            assert len({text.strip() for text in row.values()} - {""}) == 4, row


def test_what_is_drawn_depends_on_the_seed_alone(data: Path) -> None:
    zero_shot, nli = ZeroShotGroups(data), NliPairs(data)
    draw = mixture(STAGES[1], nli, zero_shot)
    first = [draw(np.random.default_rng([3, at])) for at in range(200)]
    second = [draw(np.random.default_rng([3, at])) for at in range(200)]
    assert first == second
    assert len({group.premise for group in first}) > 40


def test_true_labels_are_not_among_the_wrong_ones(data: Path) -> None:
    zero_shot = ZeroShotGroups(data)
    rng = np.random.default_rng(5)
    for _ in range(500):
        group = zero_shot.draw(rng)
        assert len(group.hypotheses) == len(group.targets)
        true = {h for h, t in zip(group.hypotheses, group.targets, strict=True) if t == ENTAILMENT}
        wrong = {h for h, t in zip(group.hypotheses, group.targets, strict=True) if t != ENTAILMENT}
        assert not true & wrong


def test_only_topics_are_joined(data: Path) -> None:
    """Nobody types "positive/negative" and means that either will do."""
    zero_shot = ZeroShotGroups(data)
    rng = np.random.default_rng(5)
    joined = 0
    for text in zero_shot._texts["own"]["en"]:
        for _ in range(3):
            labels = zero_shot._labels(text, rng)
            if any(len(concepts) > 1 for concepts, _ in labels):
                joined += 1
                assert zero_shot._section[labels[0][0][0]] == "topics" or not any(
                    target == ENTAILMENT for _, target in labels
                )
    assert joined > 50


def test_share_of_zero_shot_pairs(data: Path) -> None:
    stage = replace(STAGES[1], zero_shot=0.5)
    draw = mixture(stage, NliPairs(data), ZeroShotGroups(data))
    rng = np.random.default_rng(0)
    sizes = [len(draw(rng).hypotheses) for _ in range(3000)]
    share = sum(size for size in sizes if size > 1) / sum(sizes)
    assert 0.4 < share < 0.6


def test_pairs_are_laid_out_as_the_tokenizer_does(cache: TokenCache) -> None:
    tokenizer = Tokenizer.from_file(str(EMBEDDED_FOLDER / "tokenizer.json"))
    premise, hypothesis = "Habari za leo", "This text is about {}."
    assert (
        lay_pair(cache[premise], cache[hypothesis], 64).tolist() == tokenizer.encode(premise, hypothesis).ids
    )
    assert len(lay_pair(cache[premise * 50], cache[hypothesis], 64)) == 64


@pytest.mark.parametrize("frozen", [0, 2])
def test_forward_is_the_stock_forward(frozen: int) -> None:
    model = tiny_model().eval()
    ids = torch.randint(5, 1000, (6, 12))
    lengths = torch.tensor([12, 3, 7, 12, 5, 9])
    mask = (torch.arange(12) < lengths[:, None]).long()
    with torch.no_grad():
        stock = model(ids, attention_mask=mask).logits
    assert torch.allclose(classify(model, ids, lengths, frozen), stock, atol=1e-6)


def test_ranking_loss_counts_only_texts_with_both_kinds() -> None:
    targets = torch.tensor([2, 0, 0, 0, 0])
    group = torch.tensor([0, 0, 0, 1, 1])
    good = ranking_loss(torch.tensor([9.0, 0, 0, 5, 5]), targets, group)
    bad = ranking_loss(torch.tensor([0.0, 9, 0, 5, 5]), targets, group)
    assert good < 0.01 < 4 < bad
    assert ranking_loss(torch.tensor([1.0, 2.0]), torch.tensor([0, 1]), torch.tensor([0, 1])) == 0


def test_blocks_survive_packing() -> None:
    torch.manual_seed(0)
    scale, nibbles = torch.rand(50).half(), torch.randint(0, 256, (50, 16), dtype=torch.uint8)
    nibbles[:, 0] = 0  # a block whose largest weight is the scale's -8, as packing makes them
    weight = unpack_blocks(scale, nibbles)
    assert torch.equal(unpack_blocks(*pack_blocks(weight)), weight)


def test_packed_base_is_read_as_it_is_laid_out() -> None:
    header = np.array([1, 32, 1, 2, 64, 3, 8, 2, 0, 32, 1, 0, 2, 1, 3], "<u4").tobytes()
    pieces = (
        np.array([2], "<u8").tobytes() + np.zeros(2, "<u4").tobytes() + np.zeros(1, "<f4").tobytes() + b"ab"
    )
    normalisation = np.zeros(2, "<u4").tobytes()
    blocks = np.zeros(3, BLOCK_DTYPE)
    blocks["scale"], blocks["nibbles"] = 0.5, 0x9A
    vector = np.arange(4, dtype="<f4")
    directory = np.array([2], "<u4").tobytes()
    start = 4 + len(header) + len(pieces) + len(normalisation) + len(directory) + 2 * (2 + 3 + 1 + 4 + 16)
    for name, raw, size, offset in ((b"one", blocks, 96, start), (b"two", vector, 4, start + blocks.nbytes)):
        directory += np.array([3], "<u2").tobytes() + name + b"\0" + np.array([size], "<u4").tobytes()
        directory += np.array([offset, raw.nbytes], "<u8").tobytes()
    data = b"E5S1" + header + pieces + normalisation + directory + blocks.tobytes() + vector.tobytes()
    fields, tensors = read_packed(data)
    assert fields["hidden_size"] == 32
    assert tensors["two"].tolist() == [0, 1, 2, 3]
    one = unpack_blocks(*(torch.from_numpy(tensors["one"][key].copy()) for key in ("scale", "nibbles")))
    assert one[:16].tolist() == [1.0] * 16  # low nibbles first: (10 - 8) / 2, then (9 - 8) / 2
    assert one[16:32].tolist() == [0.5] * 16


def test_stopped_run_goes_on_exactly(
    data: Path, cache: TokenCache, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = replace(STAGES[1], pairs=160, tokens=256, frozen=1, warmup=10)
    zero_shot, nli = ZeroShotGroups(data), NliPairs(data)
    draw = mixture(stage, nli, zero_shot)
    handler = signal.getsignal(signal.SIGTERM)
    whole = tiny_model()
    assert run_stage(whole, stage, draw, cache, _folder(tmp_path / "whole"))

    calls = 0

    def interrupted(rng: np.random.Generator) -> Group:
        nonlocal calls
        calls += 1
        if calls == 700:  # amid the first chunk: the stop is seen after the first batch
            os.kill(os.getpid(), signal.SIGTERM)
        return draw(rng)

    halves = _folder(tmp_path / "halves")
    assert not run_stage(tiny_model(), stage, interrupted, cache, halves, inputs="a")
    assert signal.getsignal(signal.SIGTERM) is handler
    resumed = tiny_model()
    assert run_stage(resumed, stage, draw, cache, halves, inputs="b")
    assert "not the run that it began" in capsys.readouterr().err
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name
    with pytest.raises(ValueError, match="other settings"):
        run_stage(tiny_model(), replace(stage, rate=1e-5), draw, cache, halves)


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def test_smoke_runs_the_whole_recipe(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "model"
    command = [
        sys.executable,
        "-m",
        "training",
        "--smoke",
        "--data",
        str(data),
        "--base",
        str(EMBEDDED_FOLDER),
    ]
    command += ["--tokenizer", str(EMBEDDED_FOLDER), "--work", str(tmp_path / "work"), "--out", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    model, tokenizer = load_embedded(out)
    ids = torch.tensor([tokenizer.encode("Elle lit.", "Ce texte parle de sport.").ids])
    assert model(ids).logits.shape == (1, len(CLASSES))
    before, _ = load_embedded()
    trained = "bert.encoder.layer.11.output.dense.weight"
    assert not torch.equal(model.state_dict()[trained], before.state_dict()[trained])
    ends = {
        name: torch.load(tmp_path / "work" / f"{name}.pt", map_location="cpu")["model"] for name in AVERAGED
    }
    assert sum(AVERAGED.values()) == pytest.approx(1)
    mean = sum(share * ends[name]["classifier.weight"] for name, share in AVERAGED.items())
    assert torch.allclose(model.classifier.weight, mean, atol=1e-7)
