"""Sort any text into any labels, in any language, with no training.

>>> from zeroshot import get_pipeline
>>> pipe = get_pipeline()
>>> pipe("Wer gewinnt die Wahl?", "politics, sports").labels
['politics', 'sports']

Names are looked up on first use, so that ``import zeroshot`` costs milliseconds.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zeroshot.detection import Detection, detect_language
    from zeroshot.errors import ZeroShotError
    from zeroshot.labels import parse_labels
    from zeroshot.languages import LANGUAGES
    from zeroshot.pipeline import ZeroShotPipeline, get_pipeline
    from zeroshot.results import Classification, Judgement
    from zeroshot.templates import TEMPLATES, suggest_template

__version__ = "0.1.0"
__all__ = [
    "LANGUAGES",
    "TEMPLATES",
    "Classification",
    "Detection",
    "Judgement",
    "ZeroShotError",
    "ZeroShotPipeline",
    "detect_language",
    "get_pipeline",
    "parse_labels",
    "suggest_template",
]

_HOME = {
    "LANGUAGES": "languages",
    "TEMPLATES": "templates",
    "Classification": "results",
    "Detection": "detection",
    "Judgement": "results",
    "ZeroShotError": "errors",
    "ZeroShotPipeline": "pipeline",
    "detect_language": "detection",
    "get_pipeline": "pipeline",
    "parse_labels": "labels",
    "suggest_template": "templates",
}


def __getattr__(name: str) -> Any:
    """Import the home of a public name when it is first asked for."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
