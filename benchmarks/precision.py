"""What a precision, and the compression of the shipped weights, cost in answers.

    python -m benchmarks.precision --data DIR [--model embedded] [--against FOLDER] [--limit N]

All judge the same pairs and are compared with float32 on the same weights: accuracy on XNLI (15 languages)
and on SIB-200 (English labels and template), and how often the most likely class or label stays the same, on
these sets and on the gallery of the page. `--against` takes a folder with the weights as they were trained,
which are then what is compared with.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.common import name_of
from benchmarks.quality import Judge, average, by_language, read_rows, table
from zeroshot import get_pipeline
from zeroshot.templates import TEMPLATES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

GALLERY = Path(__file__).parent.parent / "examples.json"


class Sets:
    """The pairs to judge, and what is right of them."""

    def __init__(self, data: Path, limit: int | None) -> None:
        """
        Args:
            data: folder with `nli/` and `topics/`.
            limit: pairs or texts of each language.
        """
        self.nli = by_language(read_rows(data / "nli" / "xnli_test_part.jsonl.gz"), limit)
        self.topics = by_language(read_rows(data / "topics" / "sib200_dev.jsonl.gz"), limit)
        self.labels = sorted({row["label"] for rows in self.topics.values() for row in rows})
        self.gallery = json.loads(GALLERY.read_text("utf-8"))["examples"]

    def answers(self, judge: Judge) -> dict[str, dict[str, NDArray[np.int64]]]:
        """The most likely class, label or gallery label: set -> language -> one number each."""
        nli = {
            code: judge.logits([r["premise"] for r in rows], [r["hypothesis"] for r in rows]).argmax(1)
            for code, rows in self.nli.items()
        }
        topics = {
            code: self._best(judge, [row["text"] for row in rows], self.labels, TEMPLATES["en"][0])
            for code, rows in self.topics.items()
        }
        gallery = [self._winner(judge, entry) for entry in self.gallery]
        return {"XNLI": nli, "SIB-200": topics, "gallery": {"": np.array(gallery)}}

    @staticmethod
    def _winner(judge: Judge, entry: dict[str, Any]) -> int:
        result = judge.pipe(
            entry["text"], entry["labels"], entry["template"], multi_label=entry["multi_label"]
        )
        return int(entry["labels"].index(result.labels[0]))

    @staticmethod
    def _best(judge: Judge, texts: list[str], labels: list[str], template: str) -> NDArray[np.int64]:
        best: NDArray[np.int64] = judge.label_logits(texts, labels, template)[
            :, :, judge.pipe.classes.entailment
        ].argmax(1)
        return best

    def accuracy(self, answers: Mapping[str, Mapping[str, NDArray[np.int64]]], judge: Judge) -> list[float]:
        """Percent right, average over the languages: XNLI, SIB-200."""
        nli = [
            100 * float(np.mean(judge.wanted(rows) == answers["XNLI"][code]))
            for code, rows in self.nli.items()
        ]
        topics = [
            100
            * float(np.mean([self.labels.index(row["label"]) for row in rows] == answers["SIB-200"][code]))
            for code, rows in self.topics.items()
        ]
        return [average(nli), average(topics)]


def main() -> int:
    """Compares."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.precision", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--model", default="embedded", help="a catalogue name or a local folder")
    parser.add_argument("--against", help="folder with the weights as they were trained")
    parser.add_argument("--data", type=Path, required=True, help="folder with nli/ and topics/")
    parser.add_argument("--limit", type=int, default=None, help="pairs or texts a language")
    parser.add_argument("--precision", action="append", help="to compare; several times for several")
    arguments = parser.parse_args()
    sets = Sets(arguments.data, arguments.limit)
    wanted = arguments.precision or (["float32", "auto"] if arguments.against else ["auto"])
    model = name_of(arguments.model)
    first_of_all = name_of(arguments.against) if arguments.against else model
    tried = [(first_of_all, "float32"), *((model, precision) for precision in wanted)]
    first = None
    lines: list[list[object]] = []
    for name, precision in tried:
        judge = Judge(get_pipeline(name, precision=precision))
        answers = sets.answers(judge)
        accuracy = sets.accuracy(answers, judge)
        if first is None:
            first = answers, accuracy
        same = [
            100
            * float(
                np.mean(np.concatenate(list(found.values())) == np.concatenate(list(first[0][name].values())))
            )
            for name, found in answers.items()
        ]
        change = [f"{now - before:+.2f}" for now, before in zip(accuracy, first[1], strict=True)]
        lines.append(
            [
                f"{judge.pipe.name}, {judge.pipe.precision}",
                accuracy[0],
                change[0],
                accuracy[1],
                change[1],
                *same,
            ]
        )
        print(lines[-1], flush=True)
    kept = [f"{name}, same answer" for name in first[0]] if first else []
    table(["weights, precision", "XNLI", "change", "SIB-200", "change", *kept], lines)
    return 0


if __name__ == "__main__":
    sys.exit(main())
