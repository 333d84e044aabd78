"""The same page with a plain lock around the pipeline: what `load.py` compares with."""

from __future__ import annotations

import sys
import threading
from typing import Any

from zeroshot.engine.engine import PairEngine
from zeroshot.settings import read_settings
from zeroshot.ui.page import build_page, launch_options

_lock = threading.Lock()
_logits = PairEngine.logits


def _locked(self: PairEngine, *args: Any, **options: Any) -> Any:
    with _lock:
        return _logits(self, *args, **options)


if __name__ == "__main__":
    PairEngine.logits = _locked  # type: ignore[method-assign]
    settings = read_settings(sys.argv[1:])
    build_page(settings).launch(**launch_options(settings))
