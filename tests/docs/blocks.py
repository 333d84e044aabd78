"""The README's examples as programs: what it shows as output is what they print.

A ```python block followed by a ```text block is a program and its output; a ```console block holds
shell commands after `$ `, each followed by what it prints. `python -m tests.docs.blocks` runs them all and
writes what they print into the README; the test runs them and compares.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
SHOWN_ADDRESS = "http://127.0.0.1:7860"
_BLOCKS = re.compile(
    r"```python\n(?P<code>.*?)```\n\n```text\n(?P<out>.*?)```|```console\n(?P<shell>.*?)```", re.DOTALL
)


@contextmanager
def served(port: int) -> Iterator[str]:
    """The address of a page served for the duration."""
    environment = {**os.environ, "ZEROSHOT_MODEL": "embedded", "ZEROSHOT_PRECISION": "float32"}
    process = subprocess.Popen(
        [sys.executable, "app.py", "--port", str(port)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{address}/gradio_api/info", timeout=5).close()
                break
            except OSError:
                if process.poll() is not None:
                    raise RuntimeError("The page ended before it was served.") from None
                time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait(30)


def _run(command: list[str]) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "ZEROSHOT_MODEL": "embedded", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, encoding="utf-8"
    )
    if done.returncode:
        raise RuntimeError(f"{command[-1]}\nended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def _rerun_shell(block: str, address: str) -> str:
    commands: list[str] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            commands.append(line[2:])
        elif commands and commands[-1].endswith("\\"):
            commands[-1] += "\n" + line
    parts = []
    for command in commands:
        printed = _run(["bash", "-c", command.replace(SHOWN_ADDRESS, address)])
        parts.append(f"$ {command}\n{printed.rstrip()}\n")
    return "\n".join(parts)


def rerun(document: str, address: str) -> str:
    """The document with every output as it is printed now."""

    def renew(match: re.Match[str]) -> str:
        if match["shell"] is not None:
            return f"```console\n{_rerun_shell(match['shell'], address)}```"
        printed = _run([sys.executable, "-c", match["code"].replace(SHOWN_ADDRESS, address)])
        return f"```python\n{match['code']}```\n\n```text\n{printed.rstrip()}\n```"

    return _BLOCKS.sub(renew, document)


if __name__ == "__main__":
    with served(7871) as url:
        README.write_text(rerun(README.read_text("utf-8"), url), "utf-8")
