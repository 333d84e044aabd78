"""What the documents say is so: the README's examples, its front matter, the paths it names."""

from __future__ import annotations

import re
import socket

import pytest

from tests.docs.blocks import README, ROOT, rerun, served


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_examples_print_what_is_shown() -> None:
    document = README.read_text("utf-8")
    with served(_free_port()) as address:
        again = rerun(document, address)
    assert again == document


def test_front_matter_keeps_the_pins() -> None:
    front = README.read_text("utf-8").split("---\n")[1]
    pins = dict(
        re.findall(r"^([\w-]+)==([\w.]+)$", (ROOT / "requirements.txt").read_text("utf-8"), re.MULTILINE)
    )
    assert re.search(r"^sdk: gradio$", front, re.MULTILINE)
    assert re.search(rf"^sdk_version: {re.escape(pins['gradio'])}$", front, re.MULTILINE)
    assert re.search(r"^app_file: app\.py$", front, re.MULTILINE)


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "training/README.md"])
def test_files_that_documents_name_exist(name: str) -> None:
    path = ROOT / name
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text("utf-8")):
        assert (path.parent / target).exists(), target
