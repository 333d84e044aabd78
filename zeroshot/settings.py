"""What the page is started with: environment variables, then arguments, which win."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from zeroshot.labels import MAX_LABEL_LENGTH, MAX_LABELS

ROOT = Path(__file__).resolve().parent.parent
PRECISIONS = ("auto", "float32", "bfloat16", "int8")


@dataclass(frozen=True)
class Settings:
    """All there is to choose about a running page.

    Attributes:
        model: catalogue name, or local folder, of the model that answers first; None: the program chooses.
        device: `cuda`, `mps`, `cpu`, or None for the best there is.
        precision: `auto`, `float32`, `bfloat16` or `int8`.
        host, port: where to listen; None leaves it to Gradio (GRADIO_SERVER_NAME, GRADIO_SERVER_PORT,
            else the first free port from 7860 on 127.0.0.1).
        max_labels, max_label_length: limits of one request; the latter in characters.
        max_text: longest text in characters.
        max_active: requests that are computed at the same time; one more is told when to come back.
        examples: the gallery's file.
    """

    model: str | None = None
    device: str | None = None
    precision: str = "auto"
    host: str | None = None
    port: int | None = None
    max_labels: int = MAX_LABELS
    max_label_length: int = MAX_LABEL_LENGTH
    max_text: int = 2_000_000
    max_active: int = 64
    examples: Path = ROOT / "examples.json"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="app.py", description="Serve the page: sort any text into any labels, in any language."
    )
    parser.add_argument(
        "--model", metavar="NAME|PATH", help="catalogue name or local folder (ZEROSHOT_MODEL)"
    )
    parser.add_argument(
        "--device", choices=("cuda", "mps", "cpu"), help="default: the best there is (ZEROSHOT_DEVICE)"
    )
    parser.add_argument("--precision", choices=PRECISIONS, help="default: auto (ZEROSHOT_PRECISION)")
    parser.add_argument("--host", help="address to listen on (default: 127.0.0.1, or GRADIO_SERVER_NAME)")
    parser.add_argument("--port", type=int, help="port to listen on (default: the first free one from 7860)")
    parser.add_argument(
        "--max-labels", type=int, metavar="N", help=f"labels a request (default: {MAX_LABELS})"
    )
    parser.add_argument(
        "--max-label-length", type=int, metavar="N", help=f"characters a label (default: {MAX_LABEL_LENGTH})"
    )
    parser.add_argument(
        "--max-active", type=int, metavar="N", help=f"requests at once (default: {Settings.max_active})"
    )
    return parser


def read_settings(arguments: Sequence[str] = (), environment: Mapping[str, str] = os.environ) -> Settings:
    """Settings from `arguments` (without the program's name) over `environment`.

    Raises:
        SystemExit: as argparse does, with its message, when an argument is wrong.
    """
    parser = _parser()
    parser.set_defaults(
        model=environment.get("ZEROSHOT_MODEL") or None,
        device=environment.get("ZEROSHOT_DEVICE") or None,
        precision=environment.get("ZEROSHOT_PRECISION") or "auto",
    )
    given = {name: value for name, value in vars(parser.parse_args(arguments)).items() if value is not None}
    if given["precision"] not in PRECISIONS:
        parser.error(
            f"ZEROSHOT_PRECISION is “{given['precision']}”: set it to one of {', '.join(PRECISIONS)}."
        )
    return Settings(**given)
