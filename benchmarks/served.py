"""The page as a process, and questions to it over HTTP."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 300.0
"""Seconds until a server or an answer is given up."""


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Served:
    """A Python program that serves a Gradio page on the port given in its arguments' place `{port}`."""

    def __init__(self, arguments: list[str]) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.started = time.perf_counter()
        self._process = subprocess.Popen(  # noqa: S603 - our own programs
            [sys.executable, *(argument.format(port=self.port) for argument in arguments)],
            cwd=ROOT,
            env={**os.environ, "GRADIO_ANALYTICS_ENABLED": "False", "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def wait_until_served(self) -> float:
        """Seconds from the start of the process until the page is there."""
        while time.perf_counter() - self.started < PATIENCE:
            try:
                if httpx.get(self.url, timeout=5).is_success:
                    return time.perf_counter() - self.started
            except httpx.HTTPError:
                pass
            if self._process.poll() is not None:
                raise RuntimeError(f"the server ended with {self._process.returncode}")
            time.sleep(0.02)
        raise TimeoutError(self.url)

    def wait_until_answering(self) -> float:
        """Seconds from the start of the process until the first answer."""
        with httpx.Client() as client:
            while time.perf_counter() - self.started < PATIENCE:
                if ask(client, self.url, "The team won the match.", ["sport", "politics"]) is not None:
                    return time.perf_counter() - self.started
                time.sleep(0.02)
        raise TimeoutError(self.url)

    def close(self) -> None:
        """Ends the process."""
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def ask(client: httpx.Client, url: str, text: str, labels: list[str]) -> dict[str, Any] | None:
    """One question to `/classify`; None where the answer is an error."""
    call = f"{url}/gradio_api/call/classify"
    task = client.post(
        call, json={"data": [text, labels, "This text is about {}.", False, None]}, timeout=PATIENCE
    )
    if not task.is_success:
        return None
    event = ""
    with client.stream("GET", f"{call}/{task.json()['event_id']}", timeout=PATIENCE) as lines:
        for line in lines.iter_lines():
            if line.startswith("event:"):
                event = line.removeprefix("event:").strip()
            elif line.startswith("data:") and event in {"complete", "error"}:
                if event == "error":
                    return None
                answer: dict[str, Any] = json.loads(line.removeprefix("data:"))[0]
                return answer
    return None
