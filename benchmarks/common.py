"""What the benchmarks share: the machine in words, its matrix peak, alternating timings, texts, models, memory."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedModel

    from zeroshot.models.loading import LoadedModel

PROSE = (
    "The council met on Tuesday to decide how much the new tram line may cost and who is going to pay for it. "
    "Die Ministerin sagte, dass die Schulen im Herbst mehr Geld bekommen, aber nicht mehr Lehrer. "
    "После матча тренер сказал, что команда играла лучше, чем полгода назад, и поблагодарил болельщиков. "
    "Los médicos recomiendan dormir ocho horas y caminar todos los días, también cuando llueve. "
    "The battery lasts two days, the screen is bright, but the phone gets warm while it charges. "
    "Le prix du blé a encore baissé cette semaine, et les agriculteurs demandent de l'aide. "
)
LABELS = [
    f"{kind} {topic}"
    for kind in ("local", "national", "foreign", "recent", "surprising", "serious", "cheerful", "doubtful", "old", "new")
    for topic in ("politics", "health", "sport", "science", "travel", "money", "food", "music", "schools", "weather")
]
TEMPLATE = "This text is about {}."


def machine() -> str:
    """This machine in one line."""
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
    fast = [flag for flag in ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8", "amx_bf16") if flag in flags]
    load = ", load average %.1f" % os.getloadavg()[0] if hasattr(os, "getloadavg") else ""
    gpu = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ""
    return f"{name} ({' '.join(fast)}), {cores()} cores{gpu}, torch {torch.__version__}{load}"


def matrix_peak() -> float:
    """The most float32 GFLOP/s that torch's matrix product reaches here, over the shapes of both models."""
    import torch

    from zeroshot.engine.machine import cores

    best = 0.0
    torch.set_num_threads(cores())
    with torch.inference_mode():
        for rows, inner, outer in ((512, 384, 1536), (512, 1024, 4096), (1024, 1024, 1024), (2048, 2048, 2048)):
            a, b = torch.randn(rows, inner), torch.randn(outer, inner)
            torch.nn.functional.linear(a, b)
            for _ in range(10):
                start = time.perf_counter()
                torch.nn.functional.linear(a, b)
                best = max(best, 2e-9 * rows * inner * outer / (time.perf_counter() - start))
    return best


def where_engines_compute(function: Callable[[], Any]) -> Any:
    """`function()`, on the thread on which the engines compute.

    Another thread's OpenMP team would slow both sides down; see `zeroshot.engine.worker`.
    """
    import numpy as np

    from zeroshot.engine.scheduler import Scheduler
    from zeroshot.engine.worker import CPU

    results: list[Any] = []

    def compute(items: list[Callable[[], Any]]) -> Any:
        results.append(items[0]())
        return np.zeros((1, 1), np.float32)

    scheduler = Scheduler(compute, budget=1, worker=CPU)
    try:
        scheduler.run([function], [1])
    finally:
        scheduler.close()
    return results[0]


@dataclass(frozen=True)
class Times:
    """Seconds of several runs of one thing."""

    seconds: list[float]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def __str__(self) -> str:
        low, high = min(self.seconds), max(self.seconds)
        return f"{_short(self.median)} ({_short(low)}-{_short(high)})"


def _short(seconds: float) -> str:
    return f"{seconds * 1e3:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


def alternate(runs: dict[str, Callable[[], Any]], rounds: int) -> tuple[dict[str, Times], dict[str, Any]]:
    """Times and last results of `runs`, taken in turn, after one unmeasured run of each.

    Whatever else the machine does then falls on all of them alike.
    """
    results = {name: run() for name, run in runs.items()}
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            start = time.perf_counter()
            results[name] = run()
            seconds[name].append(time.perf_counter() - start)
    return {name: Times(values) for name, values in seconds.items()}, results


def texts_of(tokenizer: Tokenizer, lengths: list[int]) -> list[str]:
    """Distinct texts of about so many tokens each."""
    encoding = tokenizer.encode(PROSE * 12, add_special_tokens=False)
    text = PROSE * 12
    found = []
    for number, length in enumerate(lengths):
        start = (number * 7) % 100
        found.append(text[encoding.offsets[start][0] : encoding.offsets[start + length - 1][1]].strip())
    return found


def load_embedded() -> LoadedModel:
    """The model in the repository."""
    from zeroshot.models.loading import load

    return load("embedded")


def load_reference_shape(layers: int = 24) -> LoadedModel:
    """XLM-R large with random weights and the embedded model's tokenizer: as slow as the reference model."""
    import dataclasses

    import torch
    from transformers import XLMRobertaConfig, XLMRobertaForSequenceClassification

    embedded = load_embedded()
    torch.manual_seed(0)
    config = XLMRobertaConfig(
        vocab_size=embedded.tokenizer.get_vocab_size(),
        hidden_size=1024,
        num_hidden_layers=layers,
        num_attention_heads=16,
        intermediate_size=4096,
        max_position_embeddings=514,
        type_vocab_size=1,
        layer_norm_eps=1e-5,
        id2label={0: "contradiction", 1: "neutral", 2: "entailment"},
        label2id={"contradiction": 0, "neutral": 1, "entailment": 2},
    )
    model = XLMRobertaForSequenceClassification(config).eval()
    return dataclasses.replace(embedded, model=model, id2label=config.id2label)


def stock_pipeline(loaded: LoadedModel, device: str = "cpu") -> Any:
    """transformers' zero-shot pipeline on the same weights."""
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast, ZeroShotClassificationPipeline

    # A tokenizer of its own: transformers switches padding and truncation on in the one beneath it.
    own = Tokenizer.from_str(loaded.tokenizer.to_str())
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=own, pad_token="<pad>", unk_token="<unk>", model_max_length=512, truncation_side="right"
    )
    if getattr(loaded.model.config, "type_vocab_size", 1) < 2:
        tokenizer.model_input_names = ["input_ids", "attention_mask"]
    model: PreTrainedModel = loaded.model
    pipeline = ZeroShotClassificationPipeline(model=model, tokenizer=tokenizer, device=device)
    return lambda *args, **options: where_engines_compute(lambda: pipeline(*args, **options))


class PeakMemory:
    """Megabytes that the process came to hold within a `with`, above what it held before (Linux)."""

    megabytes = 0.0

    def __enter__(self) -> PeakMemory:
        self._before = _status("VmRSS")
        Path("/proc/self/clear_refs").write_text("5", "ascii")  # sets the high-water mark to the present
        return self

    def __exit__(self, *_: object) -> None:
        self.megabytes = max(0.0, _status("VmHWM") - self._before)


def _status(key: str) -> float:
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith(key):
            return int(line.split()[1]) / 1024
    return 0.0


def resident_megabytes() -> float:
    """Memory that the process holds now."""
    return _status("VmRSS")


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
