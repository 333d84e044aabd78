"""The recipe: its stages, what each draws, and the way from the base to the shipped folder."""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING

import torch
from tokenizers import Tokenizer
from transformers import BertForSequenceClassification

from training.base import load_base, load_tokenizer_json
from training.export import export, export_plain
from training.nli_data import CLASSES, Group, NliPairs
from training.nli_data import SHARES as NLI_SHARES
from training.tokens import TokenCache
from training.train import Stage, run_stage
from training.zero_shot import FOLDER, WRONG_LABELS, ZeroShotGroups
from training.zero_shot import SHARES as TOPIC_SHARES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import numpy as np

    from training.base import Blocks

SEED = 7
STAGES = (
    Stage(
        "nli",
        pairs=26_800,
        zero_shot=0.0,
        mixed=0.3,
        rate=2e-4,
        final_rate=2e-4,
        warmup=6_000,
        ranking=0.0,
        max_length=96,
    ),
    Stage(
        "zero_shot",
        pairs=120_000,
        zero_shot=0.45,
        mixed=0.3,
        rate=2.5e-4,
        final_rate=0.0,
        warmup=2_000,
        seed=11,
    ),
    Stage(
        "longer",
        pairs=90_000,
        zero_shot=0.5,
        mixed=0.3,
        rate=2e-4,
        final_rate=1e-4,
        warmup=2_000,
        seed=13,
    ),
    Stage(
        "settled",
        pairs=75_000,
        zero_shot=0.5,
        mixed=0.3,
        rate=1e-4,
        final_rate=0.0,
        seed=17,
    ),
    Stage(
        "broad",
        pairs=120_000,
        zero_shot=0.5,
        mixed=0.3,
        rate=2e-4,
        final_rate=1e-4,
        warmup=2_000,
        seed=19,
        start={"zero_shot": 0.4, "settled": 0.6},
    ),
    Stage(
        "calmed",
        pairs=75_000,
        zero_shot=0.5,
        mixed=0.3,
        rate=1e-4,
        final_rate=0.0,
        seed=23,
    ),
    Stage(
        "doubled",
        pairs=150_000,
        zero_shot=0.5,
        mixed=0.3,
        rate=2.2e-4,
        final_rate=0.0,
        warmup=2_000,
        max_length=64,
        seed=29,
        start={"zero_shot": 0.5, "calmed": 0.5},
    ),
    Stage(
        "paired",
        pairs=200_000,
        zero_shot=0.5,
        mixed=0.3,
        rate=2e-4,
        final_rate=0.0,
        warmup=2_000,
        max_length=64,
        seed=31,
        start={"zero_shot": 0.4, "doubled": 0.6},
    ),
    Stage(
        "held",
        pairs=124_000,
        zero_shot=0.5,
        mixed=0.3,
        rate=2e-4,
        final_rate=9e-5,
        warmup=2_000,
        max_length=64,
        seed=37,
        start={"zero_shot": 0.12, "doubled": 0.28, "paired": 0.6},
    ),
    Stage(
        "translated",
        pairs=135_000,
        zero_shot=0.5,
        mixed=0.3,
        rate=2e-4,
        final_rate=0.0,
        warmup=2_000,
        max_length=64,
        seed=41,
    ),
    Stage(
        "final",
        pairs=200_000,
        zero_shot=0.55,
        mixed=0.3,
        rate=2e-4,
        final_rate=0.0,
        warmup=2_000,
        max_length=64,
        ranking=1.0,
        seed=43,
        start={"zero_shot": 0.1, "doubled": 0.15, "paired": 0.35, "translated": 0.4},
    ),
)
"""NLI (steps 1 and 2: a part of it across languages), then both skills, with the rate falling to zero; then
both again and again, from the mean of earlier ends where `start` says so."""

AVERAGED = {
    "zero_shot": 0.09,
    "doubled": 0.09,
    "paired": 0.22,
    "held": 0.1,
    "translated": 0.22,
    "final": 0.28,
}
"""Stages whose last weights make the model, each with its share. The mean of ends of one path is
better than each (Wortsman et al., 2022, arXiv:2203.05482)."""

SMOKE_ROWS = 200
SMOKE_PAIRS = 48


def new_model(base: str) -> tuple[BertForSequenceClassification, Blocks | None]:
    """The base with a fresh three-class head, no dropout."""
    torch.manual_seed(SEED)
    encoder, blocks = load_base(base)
    config = encoder.config
    config.id2label = dict(enumerate(CLASSES))
    config.label2id = {name: number for number, name in enumerate(CLASSES)}
    config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.0
    model = BertForSequenceClassification(config)
    model.bert.load_state_dict(encoder.state_dict(), strict=False)
    return model, blocks


def mixture(stage: Stage, nli: NliPairs, zero_shot: ZeroShotGroups) -> Callable[[np.random.Generator], Group]:
    """What a stage draws from: a zero-shot group holds several pairs, so it is drawn less often."""
    per_group = WRONG_LABELS + 1
    share = stage.zero_shot / (per_group - (per_group - 1) * stage.zero_shot)

    def draw(rng: np.random.Generator) -> Group:
        return zero_shot.draw(rng) if rng.random() < share else nli.draw(rng, mixed=stage.mixed)

    return draw


def average(model: BertForSequenceClassification, work: Path, shares: Mapping[str, float]) -> None:
    """Gives `model` the mean of those stages' checkpoints, each with its share."""
    mean: dict[str, torch.Tensor] = {}
    for name, share in shares.items():
        saved = torch.load(work / f"{name}.pt", map_location=model.device, weights_only=True)["model"]
        for key, tensor in saved.items():
            mean[key] = mean.get(key, 0.0) + share * tensor
    model.load_state_dict(mean, strict=False)


def fingerprint(nli: list[str], zero_shot: list[str], model: BertForSequenceClassification) -> str:
    """Stands for what is drawn from and for the frozen embeddings, neither of which a checkpoint holds."""
    digest = blake2b(digest_size=16)
    for text in (*nli, *zero_shot, repr(NLI_SHARES), repr(TOPIC_SHARES)):
        digest.update(text.encode())
    for path in sorted((FOLDER / "labels").glob("*.json")):
        digest.update(path.read_bytes())
    words: torch.Tensor = model.bert.embeddings.word_embeddings.weight
    digest.update(words[::97].detach().cpu().numpy().tobytes())
    return digest.hexdigest()


def run(
    data: Path, base: str, tokenizer: str, work: Path, out: Path, *, smoke: bool = False, scale: float = 1.0
) -> bool:
    """Runs or resumes the whole recipe. True when it reached the end and wrote `out`.

    Args:
        data: the folder with `nli/` and `topics/`.
        base, tokenizer: see `training.base`.
        work: folder of the checkpoints, from which a stopped run is resumed; it also receives the model as
            trained, not compressed.
        out: folder that receives the model.
        smoke: every step, on a handful of rows.
        scale: how many times as many pairs in each stage; more compute, a better model.
    """
    work.mkdir(parents=True, exist_ok=True)
    limit = SMOKE_ROWS if smoke else None
    stages = [replace(stage, pairs=round(stage.pairs * scale)) for stage in STAGES]
    if smoke:
        stages = [replace(stage, pairs=SMOKE_PAIRS, warmup=8, tokens=512) for stage in STAGES]
    model, blocks = new_model(base)
    if torch.cuda.is_available():
        model.to("cuda")  # type: ignore[call-arg, arg-type, unused-ignore]
    tokenizer_json = load_tokenizer_json(tokenizer)
    cache = TokenCache(Tokenizer.from_str(tokenizer_json))
    zero_shot = ZeroShotGroups(data, limit=limit)
    nli = NliPairs(data, limit=limit)
    cache.add(nli.texts())
    cache.add(zero_shot.texts())
    inputs = fingerprint(nli.texts(), zero_shot.texts(), model)
    for stage in stages:
        if stage.start:
            average(model, work, stage.start)
        if not run_stage(model, stage, mixture(stage, nli, zero_shot), cache, work, inputs=inputs):
            return False
    average(model, work, AVERAGED)
    export(model.cpu(), blocks, tokenizer_json, out)
    export_plain(model, tokenizer_json, work / "float32")
    return True
