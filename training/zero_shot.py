"""Zero-shot skill (step 3 of the recipe): labelled texts as groups of (text, hypotheses).

Two kinds of text are drawn. Texts of our own writing (`texts/`, 15 languages) name every concept that is
true of them and every one that is arguable; all others are wrong. Public data sets have one class a
text: `labels/classes.json` says which concepts a class implies and which are arguable; wrong are those
of the other classes and a list that is far from the whole set.

A label is a concept's name in some language or the data set's own class name; the hypothesis
puts it in a template, mostly of the same language. Some groups hold no true label at all.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from training.nli_data import CLASSES, LANGUAGES, Group, read_rows
from zeroshot.templates import TEMPLATES

if TYPE_CHECKING:
    import numpy as np

FOLDER = Path(__file__).parent
TRUE, WRONG = CLASSES.index("entailment"), CLASSES.index("contradiction")

SHARES = {
    "own": 0.52,
    "ag-news": 0.09,
    "dbpedia": 0.07,
    "tnews": 0.07,
    "xlmt-sentiment": 0.08,
    "masakhanews-dev": 0.06,
    "clinc150": 0.04,
    "xsid": 0.03,
    "banking77": 0.02,
    "goemotions-ekman": 0.01,
}
BROAD = frozenset(
    [
        "politics",
        "business",
        "economy",
        "sports",
        "health",
        "science",
        "technology",
        "entertainment",
        "travel",
        "geography",
        "environment",
        "food",
        "education",
        "history",
        "religion",
        "crime",
        "war",
        "culture",
    ]
)
"""The sections of a newspaper or an encyclopaedia, which people type more often than the other topics."""
BROAD_SHARE = 0.65
"""Of the wrong topics: how many are drawn from the broad ones alone."""
BEST_FIRST = 0.5
"""How often the true label is the one that the text's list names first, rather than any of them."""
TWICE = frozenset(["sw", "ur"])
"""Of our own texts: languages drawn twice as often, those that the base knows least."""
WRONG_LABELS = 3
NEAR = 0.7
"""Of the wrong concepts: how many from the section (topics, intents, ...) of the true one."""
NONE_TRUE = 0.08
TWO_TEXTS = 0.06
JOINED = 0.08
"""How often two topics are typed as one label: "science/technology"."""


@dataclass(frozen=True)
class Text:
    text: str
    language: str
    true: tuple[str, ...]
    unsure: frozenset[str]
    wrong: tuple[str, ...]
    raw: str = ""
    """The class's own name in the data set, where it has one fit to be a label."""
    raw_wrong: tuple[str, ...] = ()


def _pick(items: tuple[str, ...] | list[str], rng: np.random.Generator) -> str:
    return items[int(rng.integers(len(items)))]


class ZeroShotGroups:
    """Draws groups by `SHARES`."""

    def __init__(self, data: Path, *, limit: int | None = None) -> None:
        """
        Args:
            data: the folder that holds `topics/train.jsonl.gz`.
            limit: read only so many rows of it, for trials.
        """
        sections = json.loads((FOLDER / "labels" / "concepts.json").read_text("utf-8"))
        self._section = {concept: name for name, concepts in sections.items() for concept in concepts}
        self._templates: dict[str, list[str]] = {}
        self._requests: dict[str, str] = {}
        self._moods: dict[str, str] = {}
        self._names: dict[str, dict[str, list[str]]] = {}
        for code in LANGUAGES:
            content = json.loads((FOLDER / "labels" / f"{code}.json").read_text("utf-8"))
            self._templates[code] = [*TEMPLATES[code], *content["templates"]]
            self._requests[code], self._moods[code] = content["request"], content["mood"]
            self._names[code] = content["names"]
        self._texts: dict[str, dict[str, list[Text]]] = defaultdict(lambda: defaultdict(list))
        self._read_own()
        self._read_public(data, limit)
        self._sources = [source for source in SHARES if source in self._texts]
        total = sum(SHARES[source] for source in self._sources)
        self._weights = [SHARES[source] / total for source in self._sources]

    def _read_own(self) -> None:
        for path in sorted((FOLDER / "texts").glob("*.jsonl")):
            code = path.stem
            for line in path.read_text("utf-8").splitlines():
                row = json.loads(line)
                true, unsure = tuple(row["true"]), frozenset(row["unsure"])
                wrong = tuple(c for c in self._section if c not in true and c not in unsure)
                self._texts["own"][code].append(Text(row["text"], code, true, unsure, wrong))

    def _read_public(self, data: Path, limit: int | None) -> None:
        sets = json.loads((FOLDER / "labels" / "classes.json").read_text("utf-8"))
        seen: dict[str, set[str]] = defaultdict(set)
        rows = list(read_rows(data / "topics" / "train.jsonl.gz", limit))
        for row in rows:
            seen[row["source"]].add(row["label"])
        for row in rows:
            source, label = row["source"], row["label"]
            classes = sets[source]["classes"]
            known = classes.get(label)
            raw = self._raw_name(source, label)
            if known is None and not raw:
                continue
            true, unsure, wrong = (), frozenset[str](), ()
            if known is not None:
                true, unsure = tuple(known["true"]), frozenset(known["unsure"])
                concepts = [c for entry in classes.values() for c in entry["true"]] + sets[source]["far"]
                wrong = tuple(dict.fromkeys(c for c in concepts if c not in true and c not in unsure))
            may_be = {*true, *unsure}
            others = [x for x in seen[source] - {label} if not _covered(classes.get(x), may_be)]
            raw_wrong = tuple(sorted(filter(None, (self._raw_name(source, x) for x in others))))
            self._texts[source][row["language"]].append(
                Text(row["text"], row["language"], true, unsure, wrong, raw, raw_wrong)
            )

    @staticmethod
    def _raw_name(source: str, label: str) -> str:
        return "" if source in {"xsid", "goemotions-ekman", "xlmt-sentiment"} else label.rstrip("?")

    def texts(self) -> list[str]:
        """Every text that may be drawn, for tokenising them beforehand."""
        return [t.text for languages in self._texts.values() for texts in languages.values() for t in texts]

    def draw(self, rng: np.random.Generator) -> Group:
        source = self._sources[int(rng.choice(len(self._sources), p=self._weights))]
        text = self._draw_text(source, rng)
        if source == "own" and rng.random() < TWO_TEXTS:
            text = _together(text, self._draw_text(source, rng, text.language))
        if text.raw and (not text.true or rng.random() < 0.35):
            return self._raw_group(text, rng)
        labels = self._labels(text, rng)
        code = self._label_language(text.language, rng)
        arguable = {name for concept in (*text.true, *text.unsure) for name in self._names[code][concept]}
        named: list[tuple[str, str]] = []
        targets: list[int] = []
        for concepts, target in labels:
            chosen = [_pick(self._names[code][c], rng) for c in concepts]
            if target == TRUE or not arguable.intersection(chosen):  # two concepts may share a name
                named.append(("/".join(chosen), self._section[concepts[0]]))
                targets.append(target)
        return self._group(text, named, targets, code, rng) if named else self.draw(rng)

    def _draw_text(self, source: str, rng: np.random.Generator, code: str | None = None) -> Text:
        languages = self._texts[source]
        often = [name for name in sorted(languages) for _ in range(1 + (source == "own" and name in TWICE))]
        texts = languages[code or _pick(often, rng)]
        return texts[int(rng.integers(len(texts)))]

    def _labels(self, text: Text, rng: np.random.Generator) -> list[tuple[list[str], int]]:
        labels: list[tuple[list[str], int]] = []
        section = ""
        if text.true and rng.random() >= NONE_TRUE:
            first = text.true[0] if rng.random() < BEST_FIRST else _pick(text.true, rng)
            section = self._section[first]
            labels.append(([first], TRUE))
            others = [concept for concept in text.true if concept != first]
            if others and rng.random() < 0.25:
                labels.append(([_pick(others, rng)], TRUE))
        elif text.true:
            section = self._section[text.true[0]]
        near = [concept for concept in text.wrong if self._section[concept] == section]
        broad = [concept for concept in near if concept in BROAD]
        used: set[str] = set()
        for _ in range(WRONG_LABELS):
            pool = near if near and rng.random() < NEAR else list(text.wrong)
            if pool is near and broad and rng.random() < BROAD_SHARE:
                pool = broad
            pool = [concept for concept in pool if concept not in used]
            if pool:
                used.add(concept := _pick(pool, rng))
                labels.append(([concept], WRONG))
        if section == "topics" and rng.random() < JOINED:
            labels = [self._join(text, label, rng) for label in labels]
        return labels

    def _join(
        self, text: Text, label: tuple[list[str], int], rng: np.random.Generator
    ) -> tuple[list[str], int]:
        """A second concept of the same section for a label; true if either is, wrong if both are."""
        concepts, target = label
        pool = [c for c in text.wrong if self._section[c] == self._section[concepts[0]] and c not in concepts]
        if not pool:
            return label
        both = [*concepts, _pick(pool, rng)]
        return (both if rng.random() < 0.5 else both[::-1]), target

    @staticmethod
    def _label_language(code: str, rng: np.random.Generator) -> str:
        """Labels in the text's language, in English, or in any."""
        chance = rng.random()
        if chance < 0.42:
            return code
        return "en" if chance < 0.74 else _pick(LANGUAGES, rng)

    def _raw_group(self, text: Text, rng: np.random.Generator) -> Group:
        wrong = [
            str(x) for x in rng.choice(text.raw_wrong, min(WRONG_LABELS, len(text.raw_wrong)), replace=False)
        ]
        section = "intents" if text.raw_wrong and len(text.raw_wrong) > 20 else "topics"
        labels = [(text.raw, section), *((label, section) for label in wrong)]
        return self._group(
            text, labels, [TRUE] + [WRONG] * len(wrong), "zh" if text.language == "zh" else "en", rng
        )

    def _group(
        self,
        text: Text,
        labels: list[tuple[str, str]],
        targets: list[int],
        code: str,
        rng: np.random.Generator,
    ) -> Group:
        """One template for all labels of the group, as a user has it."""
        chance = rng.random()
        if chance > 0.92:
            code = "en"
        elif chance > 0.86:
            code = text.language if text.language in self._templates else code
        templates = self._templates[code]
        section = labels[0][1]
        if rng.random() < 0.4:
            template = templates[0]
        elif section == "intents" and rng.random() < 0.4:
            template = self._requests[code]
        elif section in {"opinion", "emotions"} and rng.random() < 0.4:
            template = self._moods[code]
        else:
            template = _pick(templates, rng)
        upper = rng.random() < 0.15
        names = [name[:1].upper() + name[1:] if upper else name for name, _ in labels]
        return Group(text.text, tuple(template.replace("{}", name) for name in names), tuple(targets))


def _covered(known: dict[str, list[str]] | None, may_be: set[str]) -> bool:
    """Whether all that a class implies is, or may be, true of a text of another: it is then not wrong."""
    return known is not None and bool(known["true"]) and may_be.issuperset(known["true"])


def _together(one: Text, other: Text) -> Text:
    """Two texts as one: what is true of either is true, what is wrong of both is wrong."""
    true = tuple(dict.fromkeys(one.true + other.true))
    wrong = tuple(concept for concept in one.wrong if concept in other.wrong)
    return Text(f"{one.text} {other.text}", one.language, true, one.unsure | other.unsure, wrong)
