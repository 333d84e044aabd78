"""The training loop: one stage of the recipe, from a checkpoint to a checkpoint.

What is drawn depends only on the seed and on how many chunks were drawn before, and a checkpoint holds
the position, the weights and the optimiser: a stopped run goes on exactly where it was.
"""

from __future__ import annotations

import signal
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 (its usual name)
from tqdm import tqdm

from training.forward import classify
from training.nli_data import CLASSES, Group
from training.tokens import PAD, TokenCache, lay_pair, pair_length

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from transformers import BertForSequenceClassification

ENTAILMENT = CLASSES.index("entailment")
CHUNK = 1024
"""Groups drawn at a time, then sorted by length, so that a batch holds hardly any padding."""


@dataclass(frozen=True)
class Stage:
    """One stage of the recipe. The rate falls linearly from `rate` to `final_rate` after the warm-up."""

    name: str
    pairs: int
    zero_shot: float
    """Share of the pairs drawn that are (text, label) rather than NLI, of which long ones are left out."""
    mixed: float
    """Share of the parallel NLI pairs whose hypothesis is in another language."""
    rate: float
    final_rate: float
    warmup: int = 0
    tokens: int = 1536
    max_length: int = 80
    frozen: int = 3
    head_rate: float = 4.0
    smoothing: float = 0.05
    ranking: float = 0.5
    weight_decay: float = 0.01
    seed: int = 7
    start: Mapping[str, float] = field(default_factory=dict)
    """Earlier stages whose weights it starts from, averaged with these shares; where there is none, it goes
    on from the stage before."""

    def rate_at(self, done: int) -> float:
        if done < self.warmup:
            return self.rate * (done + 1) / self.warmup
        left = max(0.0, 1 - (done - self.warmup) / max(1, self.pairs - self.warmup))
        return self.final_rate + (self.rate - self.final_rate) * left


@dataclass(frozen=True)
class Batch:
    ids: torch.Tensor
    lengths: torch.Tensor
    targets: torch.Tensor
    group: torch.Tensor


def make_batches(
    groups: list[Group], cache: TokenCache, rng: np.random.Generator, *, tokens: int, max_length: int
) -> list[Batch]:
    """Groups of like length into batches of about `tokens` tokens, in random order."""
    laid = []
    for group in groups:
        premise = cache[group.premise]
        hypotheses = [cache[hypothesis] for hypothesis in group.hypotheses]
        longest = max(pair_length(premise, ids) for ids in hypotheses)
        if longest > max_length and len(hypotheses) == 1:
            continue  # a premise that is cut may no longer entail what it entailed; a topic shows early
        rows = [lay_pair(premise, ids, max_length) for ids in hypotheses]
        laid.append((min(longest, max_length), rows, group.targets))
    laid.sort(key=lambda item: item[0])
    parts: list[list[tuple[int, list[np.ndarray], tuple[int, ...]]]] = [[]]
    size = 0
    for item in laid:
        if parts[-1] and (size + len(item[1])) * item[0] > tokens:
            parts.append([])
            size = 0
        parts[-1].append(item)
        size += len(item[1])
    batches = []
    for part in parts:
        rows = [row for _, rows, _ in part for row in rows]
        ids = np.full((len(rows), max(len(row) for row in rows)), PAD, np.int64)
        for at, row in enumerate(rows):
            ids[at, : len(row)] = row
        batches.append(
            Batch(
                torch.from_numpy(ids),
                torch.tensor([len(row) for row in rows]),
                torch.tensor([target for _, _, targets in part for target in targets]),
                torch.tensor([number for number, item in enumerate(part) for _ in item[1]]),
            )
        )
    return [batches[int(at)] for at in rng.permutation(len(batches))]


def ranking_loss(entailment: torch.Tensor, targets: torch.Tensor, group: torch.Tensor) -> torch.Tensor:
    """How far each true hypothesis is from beating the wrong ones of its text.

    It is the softmax over labels that single-label scores are made of. Groups with no true or no wrong
    hypothesis add nothing.
    """
    true = targets == ENTAILMENT
    same = group[:, None] == group[None, :]
    rivals = same & ~true[None, :]
    counted = true & rivals.any(1)
    if not bool(counted.any()):
        return entailment.sum() * 0
    against = entailment[None, :].masked_fill(~rivals, float("-inf"))[counted]
    own = entailment[counted]
    return (torch.logsumexp(torch.cat([own[:, None], against], 1), 1) - own).sum() / max(
        1, int(group.max()) + 1
    )


def batch_loss(model: BertForSequenceClassification, batch: Batch, stage: Stage) -> torch.Tensor:
    device = model.device
    targets, group = batch.targets.to(device), batch.group.to(device)
    with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
        logits = classify(model, batch.ids.to(device), batch.lengths.to(device), stage.frozen)
    logits = logits.float()
    loss = F.cross_entropy(logits, targets, label_smoothing=stage.smoothing)
    return loss + stage.ranking * ranking_loss(logits[:, ENTAILMENT], targets, group)


def _optimiser(model: BertForSequenceClassification, stage: Stage) -> torch.optim.AdamW:
    model.requires_grad_(False)
    bert: Any = model.bert
    layers = bert.encoder.layer
    body = [p for layer in layers[stage.frozen :] for p in layer.parameters()]
    head = [*bert.pooler.parameters(), *model.classifier.parameters()]
    for parameter in [*body, *head]:
        parameter.requires_grad_(True)
    return torch.optim.AdamW(
        [
            {"params": [p for p in body if p.ndim > 1], "scale": 1.0, "weight_decay": stage.weight_decay},
            {"params": [p for p in body if p.ndim == 1], "scale": 1.0, "weight_decay": 0.0},
            {"params": head, "scale": stage.head_rate, "weight_decay": 0.0},
        ],
        lr=stage.rate,
        betas=(0.9, 0.98),
        fused=True,
    )


def _batches(
    stage: Stage, draw: Callable[[np.random.Generator], Group], cache: TokenCache, chunk: int, skip: int
) -> Iterator[tuple[int, int, Batch]]:
    while True:
        rng = np.random.default_rng([stage.seed, chunk])
        groups = [draw(rng) for _ in range(CHUNK)]
        batches = make_batches(groups, cache, rng, tokens=stage.tokens, max_length=stage.max_length)
        for at, batch in enumerate(batches):
            if at >= skip:
                yield chunk, at, batch
        chunk, skip = chunk + 1, 0


def trained_state(model: BertForSequenceClassification) -> dict[str, torch.Tensor]:
    """All weights but the embeddings, which stay those of the base."""
    return {name: value for name, value in model.state_dict().items() if ".embeddings." not in name}


def save_checkpoint(path: Path, content: dict[str, object]) -> None:
    """Writes beside, then renames: a run stopped while writing keeps the older checkpoint."""
    temporary = path.with_suffix(".part")
    torch.save(content, temporary)
    temporary.replace(path)


def run_stage(
    model: BertForSequenceClassification,
    stage: Stage,
    draw: Callable[[np.random.Generator], Group],
    cache: TokenCache,
    work: Path,
    *,
    inputs: str = "",
    save_every: float = 240.0,
) -> bool:
    """Trains `model` in place. True when the stage is complete, False when it was told to stop.

    Args:
        draw: draws one group with the generator it is given, and by nothing else.
        work: folder of the checkpoint `<stage>.pt`, read when there is one.
        inputs: stands for what `draw` draws from; if it is not the checkpoint's, a warning says so.
        save_every: seconds between checkpoints.

    Raises:
        ValueError: the checkpoint is of a stage with other settings.
    """
    path = work / f"{stage.name}.pt"
    optimiser = _optimiser(model, stage)
    chunk = skip = done = steps = 0
    if path.is_file():
        saved = torch.load(path, map_location=model.device, weights_only=True)
        if saved["stage"] != asdict(stage):
            raise ValueError(f"{path} was made with other settings: take another --work folder.")
        if saved.get("inputs", inputs) != inputs and saved["pairs"] < stage.pairs:
            print(
                f"Data or base are not those of {path}: this is not the run that it began.", file=sys.stderr
            )
        model.load_state_dict(saved["model"], strict=False)
        optimiser.load_state_dict(saved["optimiser"])
        chunk, skip, done, steps = saved["chunk"], saved["batch"] + 1, saved["pairs"], saved["steps"]
    begun = steps
    stop: list[int] = []
    handlers = {
        number: signal.signal(number, lambda code, _frame: stop.append(code))
        for number in (signal.SIGTERM, signal.SIGINT)
    }

    def save() -> None:
        content = {"stage": asdict(stage), "model": trained_state(model), "optimiser": optimiser.state_dict()}
        place = {"chunk": chunk, "batch": at, "pairs": done, "steps": steps}
        save_checkpoint(path, content | place | {"inputs": inputs})

    model.train()
    saved_at = time.monotonic()
    mean = 0.0
    try:
        with tqdm(total=stage.pairs, initial=done, unit="pair", desc=stage.name, mininterval=5) as bar:
            stream = _batches(stage, draw, cache, chunk, skip)
            while done < stage.pairs and not stop:
                chunk, at, batch = next(stream)
                for group in optimiser.param_groups:
                    group["lr"] = stage.rate_at(done) * group["scale"]
                loss = batch_loss(model, batch, stage)
                loss.backward()
                torch.nn.utils.clip_grad_norm_([p for g in optimiser.param_groups for p in g["params"]], 1.0)
                optimiser.step()
                optimiser.zero_grad(set_to_none=True)
                steps += 1
                done += len(batch.targets)
                mean += (loss.item() - mean) * max(0.01, 1 / (steps - begun))
                bar.update(len(batch.targets))
                bar.set_postfix(loss=f"{mean:.3f}", refresh=False)
                if time.monotonic() - saved_at > save_every:
                    save()
                    saved_at = time.monotonic()
            if steps > begun:
                save()
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    return done >= stage.pairs and not stop
