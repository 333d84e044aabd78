"""``import zeroshot`` and what the page needs while a visitor types must not wait for torch."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = ("torch", "transformers", "gradio", "numpy", "huggingface_hub", "tokenizers")


def run(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=True,
        text=True,
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("program", "allowed"),
    [
        ("import zeroshot", ()),
        (
            "from zeroshot import detect_language, parse_labels; detect_language('Hello there')",
            (),
        ),
        ("import zeroshot.cli", ()),
        ("from zeroshot import get_pipeline, ZeroShotPipeline", ("numpy",)),
    ],
)
def test_nothing_heavy_is_imported(program: str, allowed: tuple[str, ...]) -> None:
    loaded = run(f"{program}\nimport sys; print(*[m for m in {HEAVY!r} if m in sys.modules])").split()
    assert set(loaded) <= set(allowed)


def test_import_takes_milliseconds() -> None:
    program = "import time; t = time.process_time(); import zeroshot; print(time.process_time() - t)"
    assert min(float(run(program)) for _ in range(3)) < 0.3


def test_public_names() -> None:
    assert run("import zeroshot; print(all(hasattr(zeroshot, name) for name in zeroshot.__all__))") == "True"
