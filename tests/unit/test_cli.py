"""The command line without a model: usage, messages, exit codes."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.unit.local_engine import THREE, Loaded, StubEngine
from zeroshot import cli, pipeline
from zeroshot.errors import ModelUnavailableError
from zeroshot.pipeline import ZeroShotPipeline

ROOT = Path(__file__).parents[2]


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> ZeroShotPipeline:
    """Commands get a pipeline that needs no model."""
    pipe = ZeroShotPipeline(Loaded("stub", THREE), engine=StubEngine())  # type: ignore[arg-type]
    monkeypatch.setattr(pipeline, "get_pipeline", lambda *_: pipe)
    return pipe


def give(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="ascii"))


def test_classify(stub: ZeroShotPipeline, capsys: pytest.CaptureFixture[str]) -> None:
    text = "Das Parlament stimmt morgen über das Gesetz ab."
    assert cli.main(["classify", text, "--labels", "Politik, Sport", "--json"]) == 0
    out, err = capsys.readouterr()
    answer = json.loads(out)
    assert answer["hypothesis_template"] == "In diesem Text geht es um das Thema {}."
    expected = stub(text, ["Politik", "Sport"], "In diesem Text geht es um das Thema {}.")
    assert {key: answer[key] for key in ("sequence", "labels", "scores")} == expected.to_dict()
    assert "Traceback" not in err


def test_classify_reads_standard_input(
    stub: ZeroShotPipeline, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    give(monkeypatch, "Где мой заказ?\n".encode())
    assert cli.main(["classify", "--labels", "a,b", "--template", "Is {}", "--multi-label"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert all(line.split()[1] == "%" for line in lines)
    assert stub.name == "stub"


@pytest.mark.usefixtures("stub")
def test_lines_are_texts(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    give(monkeypatch, b"Where is my parcel?\n\nWo ist mein Paket?\n")
    assert cli.main(["classify", "--lines", "--labels", "a,b", "--json"]) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [a["sequence"] for a in answers] == ["Where is my parcel?", "Wo ist mein Paket?"]
    assert answers[0]["hypothesis_template"] != answers[1]["hypothesis_template"]


@pytest.mark.usefixtures("stub")
@pytest.mark.parametrize(
    ("arguments", "data"),
    [
        (["classify", "text", "--labels", " , "], b""),
        (["classify", "text", "--labels", "a", "--template", "{x}"], b""),
        (["classify", "", "--labels", "a"], b""),
        (["classify", "--labels", "a"], b" \n"),
        (["classify", "--labels", "a"], b"\xff\xfe"),
        (["classify", "text", "--lines", "--labels", "a"], b""),
        (["classify", "text", "--labels", "a", "--model", "no/such-model"], b""),
        (["nli", "premise", ""], b""),
    ],
)
def test_wrong_input_is_one_sentence_and_2(
    arguments: list[str], data: bytes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    give(monkeypatch, data)
    assert cli.main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("zeroshot: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize("arguments", [[], ["classify", "text"], ["nonsense"], ["nli", "premise"]])
def test_wrong_usage_is_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main(arguments)


def test_failures_are_1(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def unavailable(*_: Any) -> None:
        raise ModelUnavailableError("It cannot be had.")

    monkeypatch.setattr(pipeline, "get_pipeline", unavailable)
    assert cli.main(["nli", "premise", "hypothesis"]) == 1
    assert capsys.readouterr().err == "zeroshot: It cannot be had.\n"
    assert cli.main(["verify"]) == 2
    assert "cannot be verified here. It cannot be had." in capsys.readouterr().err


@pytest.mark.usefixtures("stub")
def test_nli(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["nli", "premise", "hypothesis", "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)) >= {"entailment", "neutral", "contradiction"}


def test_detect(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["detect", "¿Dónde está mi paquete?"]) == 0
    assert capsys.readouterr().out.split("\t")[:2] == ["es", "Spanish"]
    assert cli.main(["detect", "ok"]) == 1
    assert cli.main(["detect", "ok", "--json"]) == 0


def test_ctrl_c_is_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "get_pipeline", interrupt)
    assert cli.main(["nli", "premise", "hypothesis"]) == 130


def test_a_closed_pipe_is_silent() -> None:
    program = "from zeroshot.cli import main; import sys; sys.exit(main(['detect', 'Where is my parcel?']))"
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, stdout=write, stderr=subprocess.PIPE, check=False
    )
    os.close(write)
    assert done.stderr == b""
    assert done.returncode == 141


def test_the_module_runs() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "zeroshot", "models", "--json"], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "embedded" in [row["name"] for row in json.loads(done.stdout)]
