"""Takes the README's picture of the page: `python docs/screenshot.py ADDRESS`, with the page served there."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright


def main(address: str) -> None:
    """Runs the reference card's example and keeps what a visitor sees."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 1100})
        page.goto(address)
        page.locator("[data-example='0']").click()
        page.locator(".zs-bar, .zs-row, [data-bar]").first.wait_for(timeout=60_000)
        page.wait_for_timeout(1500)
        page.evaluate("window.scrollTo(0, 0)")
        page.wait_for_timeout(500)
        page.screenshot(path=Path(__file__).parent / "page.png")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:7860")
