"""A served page and a real browser. Only npm, to fetch axe-core, may reach beyond this machine."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Dialog, Page, Request, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
DEAD = "http://127.0.0.1:9"  # the "discard" port: nobody listens
START_LIMIT = 300.0  # seconds; a busy machine imports gradio slowly

WAIT = 180_000  # milliseconds; the machine may be training a model at the same time
expect.set_options(timeout=WAIT)


class Server:
    """One `python app.py` on a port of its own."""

    def __init__(self, *arguments: str, **environment: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/"
        self.printed = ""
        self.process = subprocess.Popen(
            [sys.executable, "app.py", "--port", str(port), *arguments],
            cwd=ROOT,
            env={**os.environ, "HF_ENDPOINT": DEAD, "ZEROSHOT_MODEL": "embedded", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._printed = ""

    def wait(self) -> Server:
        ends = time.monotonic() + START_LIMIT
        while time.monotonic() < ends:
            if self.process.poll() is not None:
                raise RuntimeError(self.process.communicate()[0])
            try:
                urllib.request.urlopen(self.url, timeout=5).close()
            except OSError:
                time.sleep(0.1)
            else:
                return self
        raise TimeoutError("the page was not served")

    def stop(self) -> str:
        """Ends it; what it printed."""
        self.process.kill()
        if self.process.stdout and not self.process.stdout.closed:  # a second stop has no more to read
            self._printed = self.process.communicate()[0]
        return self._printed


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    running = Server().wait()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=FLAGS)  # fails where there is none
        yield started
        started.close()


class Tab:
    """The page as a visitor handles it; collects browser errors and what was asked of others."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.errors: list[str] = []
        self.outside: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("dialog", self._refuse)
        page.on("request", self._note)
        self.text = page.locator("#zs-text textarea")
        self.labels = page.locator("#zs-labels textarea")
        self.template = page.locator("#zs-template textarea")
        self.multi = page.locator("#zs-multi input")
        self.run = page.locator("button#zs-run")
        self.stop = page.locator("button#zs-stop")
        self.result = page.locator("#zs-result .zs-result")
        self.rows = page.locator("#zs-result .zs-row")
        self.status = page.locator("#zs-status")

    def _refuse(self, dialog: Dialog) -> None:
        self.errors.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _note(self, request: Request) -> None:
        address = request.url
        if not address.startswith((self.url, "data:", "blob:")):
            self.outside.append(address)

    def open(self, suffix: str = "") -> Tab:
        self.page.goto(self.url + suffix)
        expect(self.text).to_be_visible()
        expect(self.page.locator("#zs-model-help")).to_contain_text("Licence")  # the start-up events are over
        return self

    def fill(self, text: str, labels: str) -> None:
        self.text.fill(text, timeout=WAIT)
        self.labels.fill(labels)

    def classify(self, text: str, labels: str) -> None:
        self.fill(text, labels)
        self.run.click()
        self.answered(text)

    def answered(self, text: str) -> None:
        """Waits for the answer to `text`."""
        self.page.wait_for_function("text => window.zs?.shown?.text === text", arg=text, timeout=WAIT)
        expect(self.result).to_be_visible()

    def bars(self) -> list[tuple[str, float]]:
        """Labels and percents as a visitor reads them."""
        names = self.page.locator("#zs-result .zs-label").all_inner_texts()
        scores = self.page.locator("#zs-result .zs-score").all_inner_texts()
        assert all(re.fullmatch(r"\d{1,3}\.\d%", score) for score in scores), scores
        return [(name, float(score[:-1])) for name, score in zip(names, scores, strict=True)]

    def clean(self) -> None:
        assert self.errors == []
        assert self.outside == []


@pytest.fixture
def tab(server: Server, browser: Browser) -> Iterator[Tab]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = Tab(context.new_page(), server.url)
    yield opened
    context.close()
    opened.clean()


@pytest.fixture
def phone(server: Server, browser: Browser) -> Iterator[Tab]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    opened = Tab(context.new_page(), server.url)
    yield opened
    context.close()
    opened.clean()


@pytest.fixture(scope="session")
def axe() -> str:
    """axe-core's source, fetched once by npm into the user's cache folder."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "polyglot-zeroshot" / "axe"
    source = cache / "node_modules" / "axe-core" / "axe.min.js"
    if not source.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        npm = shutil.which("npm")
        assert npm, "npm is needed to fetch axe-core: install nodejs and npm."
        subprocess.run(
            [
                npm,
                "install",
                "--silent",
                "--no-audit",
                "--no-fund",
                "--prefix",
                str(cache),
                "axe-core@4.10.3",
            ],
            check=True,
            timeout=300,
        )
    return source.read_text("utf-8")
