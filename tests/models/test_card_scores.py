"""`zeroshot.models.verify`, and what the command line makes of it and of downloads."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from zeroshot.models import verify
from zeroshot.models.catalogue import REFERENCE

if TYPE_CHECKING:
    from tests.models.hub import Hub

ROOT = Path(__file__).parents[2]


def card(text: str, labels: list[str], template: str) -> Mapping[str, float]:
    """A model that gives the card's scores, with the templates that the card was printed with."""
    example = next(example for example in verify.CARD_EXAMPLES if example.text == text)
    assert set(labels) == set(example.scores)
    return example.scores if template == example.templates[-1] else dict.fromkeys(labels, 1 / 3)


def shifted(difference: float) -> list[verify.Check]:
    return verify.run(lambda *asked: {label: score + difference for label, score in card(*asked).items()})


def test_the_cards_scores() -> None:
    for example in verify.CARD_EXAMPLES:
        assert sum(example.scores.values()) == pytest.approx(1, abs=2e-5)
        assert set(example.scores) == set(example.labels)
        assert all(template.count("{}") == 1 for template in example.templates)


def test_every_template_is_reported_and_one_is_enough() -> None:
    checks = verify.run(card)
    assert [(check.template, check.passed) for check in checks] == [
        ("This text is {}.", False),
        ("This example is {}.", True),
        ("Este ejemplo es {}.", True),
    ]
    assert verify.agrees(checks)
    assert checks[0].difference == pytest.approx(0.90485 - 1 / 3)


def test_other_scores_do_not_agree() -> None:
    assert verify.agrees(shifted(verify.TOLERANCE * 0.9))
    assert not verify.agrees(shifted(verify.TOLERANCE * 1.1))
    spanish = verify.CARD_EXAMPLES[1].text
    only_one = verify.run(
        lambda text, labels, template: (
            dict.fromkeys(labels, 1 / 3) if text == spanish else card(text, labels, template)
        )
    )
    assert not verify.agrees(only_one)


def command(hub: Hub, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own, which finds the hub as any program does."""
    environment = {**os.environ, **hub.environment(home), "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "zeroshot", *arguments],
        cwd=home.parent,
        env=environment,
        capture_output=True,
        check=False,
        encoding="utf-8",
    )


def test_the_command_line(hub: Hub, tmp_path: Path) -> None:
    home = tmp_path / "home"
    without = command(hub, home, "verify")
    assert without.returncode == 2
    assert f"python -m zeroshot download {REFERENCE}" in without.stderr
    assert "Traceback" not in without.stderr
    assert not hub.log  # nothing of 2 GB is fetched without being asked for

    hub.statuses["config.json"] = 500
    broken = command(hub, home, "download", REFERENCE)
    assert broken.returncode == 1
    assert "500" in broken.stderr
    assert "Traceback" not in broken.stderr
    hub.statuses.clear()

    assert command(hub, home, "download", REFERENCE).returncode == 0
    hub.close()
    tiny = command(hub, home, "verify")
    assert tiny.returncode == 1  # it is there, and random weights do not have the card's scores
    assert tiny.stdout.count("differs") == 3
    assert "on the card 0.90485" in tiny.stdout


def test_a_name_that_is_in_no_catalogue(hub: Hub, tmp_path: Path) -> None:
    refused = command(hub, tmp_path / "home", "download", "../gpt2")
    assert refused.returncode == 2
    assert REFERENCE in refused.stderr
    assert not hub.log
