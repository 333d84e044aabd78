"""How good a model is: NLI, zero-shot topics, across languages, and whether its scores mean what they say.

    python -m benchmarks.quality --model embedded --data DIR [--limit N] [--only nli,topics]
        [--base SOURCE --tokenizer SOURCE]

Prints Markdown tables. With `--base` (what `training` takes), beside them what the untrained encoder tells by
the cosine similarity of text and label. `--limit` takes only so many pairs or texts of each language, for a
quick look; the parallel sets are cut at the same items in every language.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.common import name_of
from zeroshot import LANGUAGES, get_pipeline, nli
from zeroshot.templates import TEMPLATES, fill

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from zeroshot.pipeline import ZeroShotPipeline

    Row = dict[str, str]

LABEL_NAMES = Path(__file__).parent.parent / "training" / "labels"
MATRIX_LANGUAGES = ("en", "es", "ru", "ar", "zh", "sw")
SECTIONS = ("nli", "matrix", "topics", "calibration", "cosine")


def read_rows(path: Path) -> list[Row]:
    """The rows of a gzipped JSON Lines file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def by_language(rows: Iterable[Row], limit: int | None) -> dict[str, list[Row]]:
    """Rows of each language in the order of `parallel_id`, so that position i is the same item in all."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["language"]].append(row)
    return {
        code: sorted(group, key=lambda row: int(row.get("parallel_id", 0)))[:limit]
        for code, group in sorted(groups.items())
    }


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Prints a Markdown table; floats as one decimal."""
    print("\n| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        cells = [f"{cell:.1f}" if isinstance(cell, float) else str(cell) for cell in row]
        print("| " + " | ".join(cells) + " |", flush=True)


class Judge:
    """A pipeline's engine, for many pairs at a time."""

    def __init__(self, pipe: ZeroShotPipeline) -> None:
        self.pipe = pipe

    def logits(self, premises: Sequence[str], hypotheses: Sequence[str]) -> NDArray[np.float32]:
        """Pairs of texts -> logits `[pairs, classes]`."""
        engine = self.pipe.engine
        return engine.logits(list(zip(engine.tokenize(premises), engine.tokenize(hypotheses), strict=True)))

    def nli_accuracy(self, premises: Sequence[Row], hypotheses: Sequence[Row]) -> float:
        """Percent of pairs whose likeliest class is the right one."""
        logits = self.logits([r["premise"] for r in premises], [r["hypothesis"] for r in hypotheses])
        return 100 * float((logits.argmax(1) == self.wanted(premises)).mean())

    def wanted(self, rows: Sequence[Row]) -> NDArray[np.int64]:
        """The right class of each pair; a two-class model has one for neutral and contradiction."""
        classes = self.pipe.classes
        numbers = [getattr(classes, row["label"]) for row in rows]
        return np.array([classes.contradiction if number is None else number for number in numbers])

    def label_logits(self, texts: Sequence[str], labels: Sequence[str], template: str) -> NDArray[np.float32]:
        """`[texts, labels, classes]`."""
        hypotheses = [fill(template, label) for label in labels]
        premises = [text for text in texts for _ in labels]
        return self.logits(premises, hypotheses * len(texts)).reshape(len(texts), len(labels), -1)

    def label_accuracy(
        self, texts: Sequence[str], labels: Sequence[str], template: str, wanted: NDArray[np.int64]
    ) -> float:
        """Percent of texts whose best label is the right one."""
        entailment = self.label_logits(texts, labels, template)[:, :, self.pipe.classes.entailment]
        return 100 * float((entailment.argmax(1) == wanted).mean())


def average(values: Iterable[float]) -> float:
    """The plain mean."""
    return float(np.mean(list(values)))


def report_nli(judge: Judge, data: Path, limit: int | None) -> None:
    """XNLI per language, MultiNLI matched."""
    groups = by_language(read_rows(data / "nli" / "xnli_test_part.jsonl.gz"), limit)
    accuracy = {code: judge.nli_accuracy(rows, rows) for code, rows in groups.items()}
    mnli = read_rows(data / "nli" / "mnli_matched_dev.jsonl.gz")[: limit and limit * 5]
    print("\n## NLI accuracy, %")
    table(
        ["XNLI average", "worst", *accuracy, "MultiNLI matched"],
        [
            [
                average(accuracy.values()),
                min(accuracy.values()),
                *accuracy.values(),
                judge.nli_accuracy(mnli, mnli),
            ]
        ],
    )


def report_matrix(judge: Judge, data: Path, limit: int | None) -> None:
    """Premise in one language, hypothesis in another."""
    groups = by_language(read_rows(data / "nli" / "xnli_test_part.jsonl.gz"), min(limit or 300, 300))
    print("\n## XNLI, premise language (rows) x hypothesis language (columns), %")
    table(
        ["", *MATRIX_LANGUAGES],
        (
            [row, *(judge.nli_accuracy(groups[row], groups[column]) for column in MATRIX_LANGUAGES)]
            for row in MATRIX_LANGUAGES
        ),
    )


def native_names(code: str, topics: Sequence[str]) -> list[str]:
    """Names of the topics in a language; both halves of "science/technology" are named."""
    names = json.loads((LABEL_NAMES / f"{code}.json").read_text("utf-8"))["names"]
    return ["/".join(names[part][0] for part in topic.split("/")) for topic in topics]


def report_topics(judge: Judge, data: Path, limit: int | None) -> None:
    """SIB-200: English labels, native ones, several templates."""
    groups = by_language(read_rows(data / "topics" / "sib200_dev.jsonl.gz"), limit)
    topics = sorted({row["label"] for rows in groups.values() for row in rows})
    lines = []
    for code, rows in groups.items():
        texts = [row["text"] for row in rows]
        wanted = np.array([topics.index(row["label"]) for row in rows])
        english = [judge.label_accuracy(texts, topics, template, wanted) for template in TEMPLATES["en"]]
        names = native_names(code, topics)
        native = [judge.label_accuracy(texts, names, template, wanted) for template in TEMPLATES[code]]
        spread = max(english) - min(english)
        lines.append(
            [
                code,
                english[0],
                average(english),
                spread,
                native[0],
                average(native),
                max(native) - min(native),
            ]
        )
    print("\n## Zero-shot topics (SIB-200 dev), %")
    head = [
        "language",
        "English labels",
        "3 templates, mean",
        "spread",
        "native labels",
        "3 templates, mean",
        "spread",
    ]
    columns = list(zip(*[line[1:] for line in lines], strict=True))
    worst = [
        "worst",
        *(min(column) if at not in {2, 5} else max(column) for at, column in enumerate(columns)),
    ]
    table(head, [*lines, ["average", *(average(column) for column in columns)], worst])


def report_calibration(judge: Judge, data: Path, limit: int | None) -> None:
    """Does 0.9 mean nine in ten? Multi-label scores against the truth."""
    rows = read_rows(data / "topics" / "sib200_dev.jsonl.gz")
    groups = by_language(rows, limit)
    topics = sorted({row["label"] for row in rows})
    texts = [row for group in groups.values() for row in group]
    logits = judge.label_logits([row["text"] for row in texts], topics, TEMPLATES["en"][0])
    scores = nli.multi_label(logits.reshape(-1, logits.shape[-1]), judge.pipe.classes)
    truth = np.array([topic == row["label"] for row in texts for topic in topics])
    bins = np.minimum((scores * 10).astype(int), 9)
    lines = []
    error = 0.0
    for number in range(10):
        chosen = bins == number
        if chosen.any():
            said, true = float(scores[chosen].mean()), float(truth[chosen].mean())
            error += abs(said - true) * float(chosen.mean())
            lines.append(
                [f"{number / 10:.1f} to {(number + 1) / 10:.1f}", int(chosen.sum()), 100 * said, 100 * true]
            )
    print("\n## Multi-label calibration (SIB-200 dev, English labels; one topic a text is marked true)")
    table(["score", "cases", "mean score, %", "true, %"], lines)
    print(f"\nExpected calibration error: {100 * error:.1f} points.")


def base_embedder(source: str, tokenizer: str) -> Callable[[Sequence[str]], NDArray[np.float32]]:
    """Mean-pooled, normalised sentence vectors of the untrained base encoder."""
    import torch
    from tokenizers import Tokenizer

    from training.base import load_base, load_tokenizer_json

    model, _ = load_base(source)
    model.eval()
    pieces = Tokenizer.from_str(load_tokenizer_json(tokenizer))

    def embed(texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = []
        with torch.inference_mode():
            for text in texts:
                states = model(torch.tensor([pieces.encode(text).ids[:512]])).last_hidden_state.mean(1)
                vectors.append(torch.nn.functional.normalize(states, dim=-1)[0].numpy())
        return np.stack(vectors)

    return embed


def report_cosine(data: Path, limit: int | None, base: str, tokenizer: str) -> None:
    """The untrained base: the label whose sentence is nearest to the text."""
    embed = base_embedder(base, tokenizer)
    groups = by_language(read_rows(data / "topics" / "sib200_dev.jsonl.gz"), limit)
    topics = sorted({row["label"] for rows in groups.values() for row in rows})
    english: dict[str, float] = {}
    native: dict[str, float] = {}
    for code, rows in groups.items():
        texts = embed([f"query: {row['text']}" for row in rows])
        wanted = np.array([topics.index(row["label"]) for row in rows])
        for accuracy, names, language in (
            (english, topics, "en"),
            (native, native_names(code, topics), code),
        ):
            labels = embed([f"query: {fill(TEMPLATES[language][0], name)}" for name in names])
            accuracy[code] = 100 * float(((texts @ labels.T).argmax(1) == wanted).mean())
    print("\n## The untrained base, cosine similarity (SIB-200 dev), %")
    table(
        ["labels", "average", *english],
        [
            ["English", average(english.values()), *english.values()],
            ["native", average(native.values()), *native.values()],
        ],
    )


def main() -> int:
    """Runs the chosen sections."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__.split("\n")[0])
    parser.add_argument(
        "--model", default=None, help="a catalogue name or a folder (default: as the demo chooses)"
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with nli/ and topics/")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--limit", type=int, default=None, help="pairs or texts a language")
    parser.add_argument(
        "--only", help=f"of {', '.join(SECTIONS)} (default: all, but cosine only with --base)"
    )
    parser.add_argument("--base", help="the untrained base, for the section cosine")
    parser.add_argument("--tokenizer", help="its tokenizer")
    arguments = parser.parse_args()
    wanted = arguments.only.split(",") if arguments.only else list(SECTIONS[: None if arguments.base else -1])
    if unknown := set(wanted) - set(SECTIONS):
        parser.error(f"unknown section {', '.join(sorted(unknown))}: choose from {', '.join(SECTIONS)}")
    if "cosine" in wanted:
        if not (arguments.base and arguments.tokenizer):
            parser.error("the section cosine needs --base and --tokenizer, as training takes them")
        report_cosine(arguments.data, arguments.limit, arguments.base, arguments.tokenizer)
        if wanted == ["cosine"]:
            return 0
    name = arguments.model and name_of(arguments.model)
    pipe = get_pipeline(name, precision=arguments.precision)
    print(f"# {pipe.name}, {pipe.precision} on {pipe.device}, {len(LANGUAGES)} languages")
    judge = Judge(pipe)
    reports = {
        "nli": report_nli,
        "matrix": report_matrix,
        "topics": report_topics,
        "calibration": report_calibration,
    }
    for section in wanted:
        if section in reports:
            reports[section](judge, arguments.data, arguments.limit)
    return 0


if __name__ == "__main__":
    sys.exit(main())
