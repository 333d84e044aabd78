"""One run of a comparison, in a process of its own: its memory, threads and allocator are nobody else's."""

from __future__ import annotations

import multiprocessing
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from zeroshot.models.loading import LoadedModel


@dataclass(frozen=True)
class Setup:
    """What a contender is.

    Attributes:
        kind: `stock` or `ours`.
        model: see `common.load_shape`.
        one_core: keeps to one core and counts processor time: says something on a busy machine too.
    """

    kind: str
    model: str
    device: str
    precision: str = "auto"
    one_core: bool = False


@dataclass(frozen=True)
class Answer:
    """Seconds of one run, megabytes that the process held at most in it, and label -> score for each text."""

    seconds: float
    megabytes: float
    scores: list[dict[str, float]]


class Contender:
    """Runs what it is asked to in its own process, and sleeps in between."""

    def __init__(self, setup: Setup) -> None:
        context = multiprocessing.get_context("spawn")
        self._end, other = context.Pipe()
        self._process = context.Process(target=_serve, args=(setup, other), daemon=True)
        self._process.start()
        other.close()
        self.precision: str = self._end.recv()

    def run(
        self, texts: list[str], labels: list[str], template: str, batch_size: int | None = None
    ) -> Answer:
        """Classifies `texts`; `batch_size` is for stock."""
        self._end.send((texts, labels, template, batch_size))
        answer: Answer = self._end.recv()
        return answer

    def close(self) -> None:
        """Ends the process."""
        self._end.send(None)
        self._process.join(30)


def _serve(setup: Setup, end: Connection) -> None:
    clock = time.perf_counter
    if setup.one_core:
        keep_to_one_core()
        clock = time.process_time

    from benchmarks.common import load_shape

    loaded = load_shape(setup.model)
    if setup.kind == "stock":
        run, precision = _stock(loaded, setup.device), "float32"
    else:
        run, precision = _ours(loaded, setup)
    end.send(precision)
    while (task := end.recv()) is not None:
        _reset_peak()
        start = clock()
        results = run(*task)
        seconds = clock() - start
        end.send(Answer(seconds, status("VmHWM"), results))


def _ours(loaded: LoadedModel, setup: Setup) -> tuple[Any, str]:
    from zeroshot.pipeline import ZeroShotPipeline

    pipe = ZeroShotPipeline(loaded, device=setup.device, precision=setup.precision)
    pipe.warm_up()

    def run(
        texts: list[str], labels: list[str], template: str, batch_size: int | None
    ) -> list[dict[str, float]]:
        del batch_size
        results = pipe(texts, labels, template)
        return [dict(zip(result.labels, result.scores, strict=True)) for result in results]

    return run, pipe.precision


def _stock(loaded: LoadedModel, device: str) -> Any:
    """The stock pipeline: transformers' zero-shot on the same weights."""
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast, ZeroShotClassificationPipeline

    # A tokenizer of its own: transformers switches padding and truncation on in the one beneath it.
    own = Tokenizer.from_str(loaded.tokenizer.to_str())
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=own,
        pad_token=own.id_to_token(loaded.model.config.pad_token_id or 0),
        model_max_length=loaded.max_length or 512,
        model_input_names=[
            "input_ids",
            *(["token_type_ids"] if loaded.token_types else []),
            "attention_mask",
        ],
        truncation_side="right",
    )
    pipe = ZeroShotClassificationPipeline(model=loaded.model, tokenizer=tokenizer, device=device)

    def run(
        texts: list[str], labels: list[str], template: str, batch_size: int | None
    ) -> list[dict[str, float]]:
        options = {} if batch_size is None else {"batch_size": batch_size}
        results = pipe(texts, labels, hypothesis_template=template, **options)
        return [dict(zip(result["labels"], result["scores"], strict=True)) for result in results]

    return run


def keep_to_one_core() -> None:
    """Before torch is imported: its threads are then one."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def _reset_peak() -> None:
    clear = Path("/proc/self/clear_refs")
    if clear.exists():
        clear.write_text("5", "ascii")  # sets the high-water mark of memory to the present


def status(key: str) -> float:
    """A line of Linux's `/proc/self/status` in megabytes; 0 elsewhere."""
    path = Path("/proc/self/status")
    if path.exists():
        for line in path.read_text("ascii").splitlines():
            if line.startswith(key):
                return int(line.split()[1]) / 1024
    return 0.0
