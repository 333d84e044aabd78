"""What the benchmarks share: the machine in words, its matrix peak, texts, models, tables."""

from __future__ import annotations

import os
import platform
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.contender import keep_to_one_core

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from zeroshot.models.loading import LoadedModel

PROSE = (
    "The council met on Tuesday to decide how much the new tram line may cost and who is going to pay. "
    "Die Ministerin sagte, dass die Schulen im Herbst mehr Geld bekommen, aber nicht mehr Lehrer. "
    "После матча тренер сказал, что команда играла лучше, чем полгода назад, и поблагодарил болельщиков. "
    "Los médicos recomiendan dormir ocho horas y caminar todos los días, también cuando llueve. "
    "The battery lasts two days, the screen is bright, but the phone gets warm while it charges. "
    "Le prix du blé a encore baissé cette semaine, et les agriculteurs demandent de l'aide. "
)
KINDS = [
    "local",
    "national",
    "foreign",
    "recent",
    "surprising",
    "serious",
    "cheerful",
    "doubtful",
    "old",
    "new",
]
TOPICS = ["politics", "health", "sport", "science", "travel", "money", "food", "music", "schools", "weather"]
LABELS = [f"{kind} {topic}" for kind in KINDS for topic in TOPICS]
TEMPLATE = "This text is about {}."


def machine() -> str:
    """The machine in one line."""
    import torch

    from zeroshot.engine.machine import cores

    name = platform.processor() or platform.machine()
    flags: set[str] = set()
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text("utf-8").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                name = value.strip()
            if key.strip() == "flags":
                flags = set(value.split())
    fast = [
        flag
        for flag in ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8", "amx_bf16")
        if flag in flags
    ]
    load = f", load average {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    gpu = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ""
    return f"{name} ({' '.join(fast)}), {cores()} cores{gpu}, torch {torch.__version__}{load}"


def matrix_peak(one_core: bool = False) -> float:
    """The most float32 GFLOP/s that torch's matrix product reaches here, over the shapes of both models.

    With `one_core` the rate of one, by processor time.
    """
    clock = time.perf_counter
    if one_core:
        keep_to_one_core()
        clock = time.process_time
    import torch

    from zeroshot.engine.machine import cores

    best = 0.0
    torch.set_num_threads(cores())
    with torch.inference_mode():
        for rows, inner, outer in (
            (512, 384, 1536),
            (512, 1024, 4096),
            (1024, 1024, 1024),
            (2048, 2048, 2048),
        ):
            a, b = torch.randn(rows, inner), torch.randn(outer, inner)
            torch.nn.functional.linear(a, b)
            for _ in range(10):
                start = clock()
                torch.nn.functional.linear(a, b)
                best = max(best, 2e-9 * rows * inner * outer / (clock() - start))
    return best


@dataclass(frozen=True)
class Times:
    """Seconds of several runs of one thing."""

    seconds: list[float]

    @property
    def median(self) -> float:
        """Of the runs."""
        return statistics.median(self.seconds)

    def __str__(self) -> str:
        low, high = min(self.seconds), max(self.seconds)
        return f"{_short(self.median)} ({_short(low)}-{_short(high)})"


def _short(seconds: float) -> str:
    return f"{seconds * 1e3:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


def texts_of(tokenizer: Tokenizer, lengths: list[int], *, skip: int = 0) -> list[str]:
    """Distinct texts of about so many tokens each; others for another `skip`."""
    encoding = tokenizer.encode(PROSE * 12, add_special_tokens=False)
    text = PROSE * 12
    found = []
    for number, length in enumerate(lengths):
        start = (number * 7 + skip * 3) % 100
        found.append(text[encoding.offsets[start][0] : encoding.offsets[start + length - 1][1]].strip())
    return found


REFERENCE_SHAPE = "xlm-r-large-random"
"""XLM-R large with random weights and the embedded model's tokenizer: as slow as the reference model."""


def name_of(model: str) -> str:
    """The name to load a model by, which is given as one of the catalogue or as a local folder."""
    from zeroshot.models.catalogue import CATALOGUE
    from zeroshot.models.loading import register_local

    return model if model in CATALOGUE else register_local(model)


def load_shape(model: str) -> LoadedModel:
    """A model of the catalogue, of a local folder, or `REFERENCE_SHAPE`."""
    from zeroshot.models.loading import load

    return _reference_shape() if model == REFERENCE_SHAPE else load(name_of(model))


def _reference_shape() -> LoadedModel:
    import dataclasses

    import torch
    from transformers import XLMRobertaConfig, XLMRobertaForSequenceClassification

    from zeroshot.models.loading import load

    embedded = load("embedded")
    torch.manual_seed(0)
    config = XLMRobertaConfig(
        vocab_size=embedded.tokenizer.get_vocab_size(),
        hidden_size=1024,
        num_hidden_layers=24,
        num_attention_heads=16,
        intermediate_size=4096,
        max_position_embeddings=514,
        type_vocab_size=1,
        layer_norm_eps=1e-5,
        id2label={0: "contradiction", 1: "neutral", 2: "entailment"},
        label2id={"contradiction": 0, "neutral": 1, "entailment": 2},
    )
    model = XLMRobertaForSequenceClassification(config).eval()
    return dataclasses.replace(embedded, source=model, id2label=embedded.id2label)


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
