"""A handful of rows in the format of the training data, made from the recipe's own texts."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

LANGUAGES = ("en", "ar", "sw")
LABELS = ("entailment", "neutral", "contradiction")
OWN = Path(__file__).parents[2] / "training" / "texts"


def _write(path: Path, rows: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def own_texts(code: str, count: int) -> list[str]:
    lines = (OWN / f"{code}.jsonl").read_text("utf-8").splitlines()[:count]
    return [json.loads(line)["text"] for line in lines]


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    texts = {code: own_texts(code, 24) for code in LANGUAGES}
    pairs = [
        {
            "source": "xnli",
            "language": code,
            "premise": texts[code][at],
            "hypothesis": texts[code][at + 1],
            "label": LABELS[at % 3],
            "parallel_id": at,
        }
        for code in LANGUAGES
        for at in range(20)
    ]
    single = [
        {
            "source": "mnli",
            "language": "en",
            "premise": texts["en"][at],
            "hypothesis": texts["en"][-at - 1],
            "label": LABELS[at % 3],
        }
        for at in range(20)
    ]
    _write(folder / "nli" / "train.jsonl.gz", single)
    _write(folder / "nli" / "xnli_validation.jsonl.gz", pairs)
    topics = [
        {"source": "ag-news", "language": "en", "text": text, "label": label}
        for text, label in zip(texts["en"], ["business", "sports", "world news"] * 8, strict=True)
    ]
    topics += [
        {"source": "xlmt-sentiment", "language": "ar", "text": text, "label": label}
        for text, label in zip(texts["ar"], ["positive", "negative", "neutral"] * 8, strict=True)
    ]
    topics += [
        {"source": "clinc150", "language": "en", "text": text, "label": label}
        for text, label in zip(texts["en"], ["book flight", "fun fact"] * 12, strict=True)
    ]
    _write(folder / "topics" / "train.jsonl.gz", topics)
    return folder
