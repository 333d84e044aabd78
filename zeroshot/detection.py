"""Which of the fifteen languages is a text in?

Three kinds of evidence, in this order:

1. The script. Greek, Thai and Chinese characters decide alone; kana, Hangul and Hebrew say "none of ours".
2. For scripts that several languages share, a naive Bayes score over the character n-grams (n = 1, 2, 3) of
   langdetect's profiles. langdetect itself draws n-grams at random; here every n-gram of the text counts, so
   the answer needs no seed: it is the same in any process and any thread.
3. Function words (``zeroshot.function_words``) and spelling (letters and endings that a language has or never
   has), which settle what n-grams cannot in a short sentence.

Neighbouring languages outside the fifteen (Italian, Dutch, Ukrainian, Persian, Nepali...) compete with a
lower prior; when one of them wins, or nothing wins clearly, the answer is None rather than a guess.
"""

from __future__ import annotations

import importlib.util
import json
import math
import re
import threading
import unicodedata
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from zeroshot.function_words import FUNCTION_WORDS, ROMAN_HINDUSTANI
from zeroshot.languages import LANGUAGES

MAX_CHARACTERS = 2_000
"""How much of a text is looked at; more does not change the answer."""


class Detection(NamedTuple):
    """A language code of ``zeroshot.languages`` and how sure we are, from 0.5 to 1."""

    code: str
    confidence: float


class _Group(NamedTuple):
    """The languages of one script: ours, and neighbours that may win instead."""

    ours: tuple[str, ...]
    others: tuple[str, ...]


_GROUPS = {
    "Latn": _Group(
        ("en", "es", "fr", "de", "tr", "vi", "sw"),
        (
            *(
                "af",
                "ca",
                "cs",
                "cy",
                "da",
                "et",
                "fi",
                "hr",
                "hu",
                "id",
                "it",
                "lt",
                "lv",
                "nl",
                "no",
                "pl",
                "pt",
            ),
            *("ro", "sk", "sl", "so", "sq", "sv", "tl"),
        ),
    ),
    "Cyrl": _Group(("ru", "bg"), ("uk", "mk")),
    "Arab": _Group(("ar", "ur"), ("fa",)),
    "Deva": _Group(("hi",), ("mr", "ne")),
}
_LATIN = tuple(code for code in (*_GROUPS["Latn"].ours, *_GROUPS["Latn"].others) if code in FUNCTION_WORDS)
_ALONE = {"Grek": "el", "Thai": "th", "Hani": "zh"}

_MIN_LETTERS = {"Latn": 4, "Cyrl": 3, "Arab": 3, "Deva": 2, "Grek": 2, "Thai": 2, "Hani": 2}
_MIN_CONFIDENCE = 0.5
_MIN_CONFIDENCE_ONE_WORD = 0.7

# Settings of the score, chosen on pieces of 3 to 6 words of XNLI's validation set (benchmarks/detection.py
# measures on other texts). Log-likelihoods are in nats.
_FLOOR = 2e-5  # probability of an n-gram that a profile does not list
_WEIGHTS = (0.3, 0.7, 1.0)  # of n-grams of 1, 2, 3 characters
_TEMPERATURE = 2.5  # overlapping n-grams repeat each other's evidence; this makes confidence honest
_OTHER_PRIOR = -12.0
_WORD = 5.0  # a function word, for each language that has it

_SCRIPTS = (
    (0x0041, 0x024F, "Latn"), (0x1E00, 0x1EFF, "Latn"), (0x0370, 0x03FF, "Grek"), (0x1F00, 0x1FFF, "Grek"),
    (0x0400, 0x052F, "Cyrl"), (0x0600, 0x06FF, "Arab"), (0x0750, 0x077F, "Arab"), (0x08A0, 0x08FF, "Arab"),
    (0xFB50, 0xFDFF, "Arab"), (0xFE70, 0xFEFF, "Arab"), (0x0900, 0x097F, "Deva"), (0x0E00, 0x0E7F, "Thai"),
    (0x3040, 0x30FF, "Kana"), (0x31F0, 0x31FF, "Kana"), (0xFF66, 0xFF9F, "Kana"),
    (0x3400, 0x4DBF, "Hani"), (0x4E00, 0x9FFF, "Hani"), (0xF900, 0xFAFF, "Hani"), (0x20000, 0x3FFFF, "Hani"),
)  # fmt: skip
# How many letters one character counts for: a Chinese one says as much as several, and a text in another
# script often holds Latin names, while a Latin text hardly holds names in another script.
_LETTERS_PER_CHARACTER = {"Hani": 3.0, "Kana": 2.0, "Latn": 0.5}

# (what to look for, the languages it speaks for, the languages it speaks against, how much in nats)
_Clue = tuple[re.Pattern[str], str, str, float]
_SPELLING: dict[str, tuple[_Clue, ...]] = {
    "Latn": (
        (re.compile("[¿¡ñ]"), "es", "", 12.0),
        (re.compile("ß"), "de", "", 12.0),
        (re.compile("[ğı]"), "tr", "", 12.0),
        (re.compile("[ăơưđạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]"), "vi", "", 12.0),
        (re.compile("ə|[og][ʻ‘]"), "", "tr", 20.0),  # Azerbaijani, Uzbek
        (re.compile("[œùû]"), "fr", "", 12.0),
        (re.compile("[ãõ]"), "pt vi", "es fr", 12.0),
        # Swahili verbs: who, then when, then the stem; or the negative forms
        (re.compile(r"\b(?:ni|u|a|tu|m|wa|ki|vi|ya|zi)(?:na|li|ta|me|nge)\w+[aeiu]\b"), "sw", "", 8.0),
        (re.compile(r"\b(?:si|ha|hatu|hawa|ham|haku)(?:ta|ja|ku)\w+[aeiu]\b"), "sw", "", 8.0),
        (re.compile(r"\b[uw]?si\w{2,}[aei]\b|\bha(?:tu|wa|m)?\w{2,}i\b"), "sw", "", 3.0),
        (re.compile(r"[qx]|[^aeiou\W]\b"), "", "sw", 3.0),  # nor does a Swahili word end in a consonant
        (re.compile("w"), "", "es fr tr vi it pt", 3.0),
    ),
    "Cyrl": (
        (re.compile("[ыэё]"), "ru", "bg uk mk", 12.0),
        (re.compile("[ъщюяй]"), "", "mk", 12.0),
        (re.compile("ь(?!о)"), "ru uk", "bg mk", 12.0),
        (re.compile(r"ъ(?![еёюя])"), "bg", "ru uk mk", 12.0),
        (re.compile("[іїєґў]"), "uk", "ru bg", 12.0),
        (re.compile("[јљњџѓќѕђћ]"), "mk", "ru bg", 12.0),
        (re.compile("[әғқңөұүһҳҷӣӯ]"), "mk uk", "ru bg", 12.0),  # Kazakh, Tatar, Tajik...: not ours
        # Bulgarian nouns have no cases but articles at their end, and its verbs an imperfect
        (re.compile(r"\w{3}(?:[ую]|[ое]го|[ое]му|[аяыи]ми|[ую]т)\b"), "ru uk", "", 5.0),
        (re.compile(r"\w{2}(?:[ая]та|ото|[еая]ше|х[мт]е)\b|\bнай-"), "bg mk", "", 5.0),
    ),
    "Arab": (
        (re.compile("[ٹڈڑںےۓھہۂۃ]"), "ur", "ar fa", 12.0),
        (re.compile("[ةىيإؤكًٌٍّْ]"), "ar", "", 12.0),
        (re.compile("[پچگژکی]"), "ur fa", "ar", 12.0),
        (re.compile("[ەۆېۇۈڭۋټډړښځڅڼ]"), "fa", "ar ur", 12.0),  # Uyghur, Kurdish, Pashto: not ours
    ),
    "Deva": ((re.compile("ळ"), "mr", "hi", 12.0),),
}

_NOT_PROSE = re.compile(r"https?://\S+|www\.\S+|[\w.+-]+@[\w-]+\.\w+|[@#]\w+")
_TOKEN = re.compile(r"[^\W\d_]+['’]?")


def detect_language(text: str) -> Detection | None:
    """The language of ``text`` among the fifteen, or None when it cannot be told or is none of them."""
    sample = unicodedata.normalize("NFC", _NOT_PROSE.sub(" ", text[: 2 * MAX_CHARACTERS])[:MAX_CHARACTERS])
    counts = _census(sample)
    if not counts:
        return None
    script, amount = max(counts.items(), key=lambda item: (item[1], item[0]))
    share = amount / sum(counts.values())
    if script == "Hani" and counts.get("Kana", 0) > 0.1 * amount:
        return None
    letters = amount / _LETTERS_PER_CHARACTER.get(script, 1.0)
    if letters < _MIN_LETTERS.get(script, math.inf):
        return None
    if script in _ALONE:
        return Detection(_ALONE[script], share) if share >= _MIN_CONFIDENCE else None
    code, probability = _best(script, sample)
    confidence = probability * share
    required = _MIN_CONFIDENCE if len(_TOKEN.findall(sample)) > 1 else _MIN_CONFIDENCE_ONE_WORD
    if code not in LANGUAGES or confidence < required:
        return None
    return Detection(code, confidence)


def warm_up() -> None:
    """Read the profiles (some tens of milliseconds), so that the first visitor need not wait for them."""
    for script in _GROUPS:
        _profiles(script)


def _census(text: str) -> dict[str, float]:
    """How much of the text is in which script, in letters; Han and kana count more."""
    counts: Counter[str] = Counter()
    for character, times in Counter(text).items():
        if unicodedata.category(character)[0] not in "LM":
            continue
        code = ord(character)
        script = next((name for low, high, name in _SCRIPTS if low <= code <= high), None)
        if script is None:
            script = "" if unicodedata.category(character)[0] == "M" else "Zyyy"
        if script:
            counts[script] += times
    return {script: count * _LETTERS_PER_CHARACTER.get(script, 1.0) for script, count in counts.items()}


def _is_roman_hindustani(words: Counter[str]) -> bool:
    """Whether a text in Latin letters is Hindi or Urdu.

    It is when a third of its words are their function words, and more than of any language at home in these
    letters.
    """
    hits = sum(times for word, times in words.items() if word in ROMAN_HINDUSTANI)
    rival = max(
        sum(times for word, times in words.items() if word in FUNCTION_WORDS.get(code, ())) for code in _LATIN
    )
    return hits >= 2 and 3 * hits >= words.total() and hits > rival


def _hindi_or_urdu(text: str) -> tuple[str, float]:
    """Spelling is all that tells them apart in Latin letters, and it tells little."""
    urdu = len(re.findall("[wzqf]|gh|kh|ay\\b", text))
    hindi = len(re.findall("v|[bd]h|chh|th(?!a\\b|i\\b)|ee", text))
    return ("ur" if urdu >= hindi else "hi"), 0.6


def _best(script: str, text: str) -> tuple[str, float]:
    """The most probable language of a script and its probability."""
    group = _GROUPS[script]
    languages = (*group.ours, *group.others)
    scores = [0.0] * len(group.ours) + [_OTHER_PRIOR] * len(group.others)
    table = _profiles(script)
    for gram, times in _grams(text).items():
        row = table.get(gram)
        if row is not None:
            weight = times * _WEIGHTS[len(gram) - 1]
            scores = [score + weight * value for score, value in zip(scores, row, strict=True)]
    lowered = text.lower()
    words = Counter(token.replace("’", "'") for token in _TOKEN.findall(lowered))
    if script == "Latn" and _is_roman_hindustani(words):
        return _hindi_or_urdu(lowered)
    for i, language in enumerate(languages):
        known = FUNCTION_WORDS.get(language, frozenset())
        scores[i] += _WORD * sum(
            times for word, times in words.items() if word in known or word.rstrip("'") in known
        )
    for pattern, good, bad, weight in _SPELLING[script]:
        if times := min(3, len(pattern.findall(lowered))):
            for i, language in enumerate(languages):
                scores[i] += weight * times * ((language in good.split()) - (language in bad.split()))
    best = max(range(len(scores)), key=scores.__getitem__)
    total = sum(math.exp((score - scores[best]) / _TEMPERATURE) for score in scores)
    return languages[best], 1.0 / total


def _grams(text: str) -> Counter[str]:
    """The n-grams of a text, spelt as langdetect's profiles spell them, in lower case."""
    prose = _spell(text.lower())
    return Counter(
        prose[i : i + n] for n in (1, 2, 3) for i in range(len(prose) - n + 1) if prose[i : i + n] != " "
    )


def _spell(text: str) -> str:
    """Everything but letters becomes one space; langdetect's profiles fold some letters into one, so we must
    too.
    """
    out = []
    for character in text:
        if "Ạ" <= character <= "ỿ":
            out.append("ể")
        elif character == "ی":
            out.append("ي")
        else:
            out.append(character if unicodedata.category(character)[0] in "LM" else " ")
    return " " + " ".join("".join(out).split()) + " "


_tables: dict[str, dict[str, tuple[float, ...]]] = {}
_lock = threading.Lock()


def _profiles(script: str) -> dict[str, tuple[float, ...]]:
    """n-gram -> log-probability in each language of the script; read once."""
    with _lock:
        if script not in _tables:
            _tables[script] = _read_profiles((*_GROUPS[script].ours, *_GROUPS[script].others))
        return _tables[script]


def _read_profiles(languages: tuple[str, ...]) -> dict[str, tuple[float, ...]]:
    """Read langdetect's profiles without importing it: it would load all 55, and hold them twice."""
    spec = importlib.util.find_spec("langdetect")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("Language detection needs langdetect: pip install langdetect")
    folder = Path(spec.origin).parent / "profiles"
    table: dict[str, list[float]] = {}
    for i, language in enumerate(languages):
        profile = json.loads((folder / language).read_text("utf-8"))
        for gram, count in profile["freq"].items():
            if 1 <= len(gram) <= 3:
                row = table.setdefault(gram.lower(), [0.0] * len(languages))
                row[i] += count / profile["n_words"][len(gram) - 1]
    return {gram: tuple(math.log(p + _FLOOR) for p in row) for gram, row in table.items()}
