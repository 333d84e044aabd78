"""From the start of the process to the page, and to the first answer; and what is installed.

    python -m benchmarks.startup [--quick] [--rounds 5]

Compared, in turn, with a program that imports gradio and serves an empty page.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from benchmarks.common import Times, machine, table
from benchmarks.served import ROOT, Served
from benchmarks.speed import in_process

EMPTY = (
    "import gradio as gr\nwith gr.Blocks() as page:\n    pass\npage.launch(server_port={port}, quiet=True)"
)

BERT = "from transformers import BertForSequenceClassification"
LOAD = "from zeroshot.models.loading import load"
PIPELINE = f"{LOAD}; from zeroshot.pipeline import ZeroShotPipeline; import torch; {BERT}"
STOCK = "from zeroshot.models.embedded_format import load_embedded"
PHASES = {
    "import gradio": "import gradio",
    "import zeroshot": "import zeroshot",
    "import torch": "import torch",
    "import transformers' BERT, after torch": f"import torch; start(); {BERT}",
    "load the model": f"import torch; {BERT}; {LOAD}; start(); load('embedded')",
    "load it as transformers' stock model": f"import torch; {BERT}; {STOCK}; start(); load_embedded()",
    "make the engine": f"{PIPELINE}; model = load('embedded'); start(); ZeroShotPipeline(model)",
    "warm up": f"{PIPELINE}; pipe = ZeroShotPipeline(load('embedded')); start(); pipe.warm_up()",
}
CLOCK = """
import time
began = time.perf_counter()
def start():
    global began
    began = time.perf_counter()
{body}
print(time.perf_counter() - began)
"""


def phase(body: str) -> float:
    """Seconds that a fresh process takes for the last statement of `body`."""
    done = subprocess.run(  # noqa: S603 - our own text
        [sys.executable, "-c", CLOCK.format(body=body)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return float(done.stdout.split()[-1])


def empty_page() -> float:
    """Seconds until an empty page is served."""
    with closing(Served(["-c", EMPTY])) as page:
        return page.wait_until_served()


def our_page() -> tuple[float, float]:
    """Seconds until ours is served, and until it has answered."""
    with closing(Served(["app.py", "--model", "embedded", "--port", "{port}"])) as page:
        return page.wait_until_served(), page.wait_until_answering()


def megabytes(folder: Path) -> float:
    """Of all files in a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


def installed() -> list[list[str]]:
    """The largest packages of this environment, all of it, and the model in the repository."""
    import torch

    packages = Path(torch.__file__).parent.parent
    sizes = {folder.name: megabytes(folder) for folder in packages.iterdir() if folder.is_dir()}
    largest = sorted(sizes, key=lambda name: -sizes[name])[:8]
    rows = [[name, f"{sizes[name]:.0f} MB"] for name in largest]
    rows.append(["all installed packages", f"{megabytes(packages):.0f} MB"])
    return [*rows, ["the embedded model", f"{megabytes(ROOT / 'zeroshot/models/embedded'):.0f} MB"]]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="one round, no phases")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    rounds = 1 if args.quick else args.rounds
    print(f"{in_process(machine)}; {rounds} rounds in turn\n", flush=True)
    our_page()  # reads the files once, so that no side finds them cold
    empty, served, answered = [], [], []
    for _ in range(rounds):
        empty.append(empty_page())
        ours = our_page()
        served.append(ours[0])
        answered.append(ours[1])
    times = {
        "import gradio and an empty page served": Times(empty),
        "our page served": Times(served),
        "first answer": Times(answered),
    }
    print(table(["until", "median (min-max)"], [[name, str(time)] for name, time in times.items()]))
    ratio = times["our page served"].median / times["import gradio and an empty page served"].median
    after = times["first answer"].median - times["our page served"].median
    print(f"\nserved in {ratio:.2f}x the empty page's time; first answer {after:.2f} s later\n", flush=True)
    if not args.quick:
        rows = [[name, str(Times([phase(body) for _ in range(rounds)]))] for name, body in PHASES.items()]
        print(table(["phase, in a process of its own", "median (min-max)"], rows) + "\n", flush=True)
        print(table(["installed", "size"], installed()))


if __name__ == "__main__":
    main()
