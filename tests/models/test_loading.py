"""From a folder to a model in memory: what is accepted, what is refused, and that nothing in it is run."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.models import repositories
from zeroshot.errors import ModelFormatError, ModelUnavailableError, UnknownModelError
from zeroshot.models.catalogue import CATALOGUE, EMBEDDED, REFERENCE, find_entry
from zeroshot.models.device import pick_device
from zeroshot.models.loading import choose_default, load, register_local

TEXTS = (
    *repositories.SENTENCES,
    "  spaces   and\ttabs\n",
    "emoji 😀, ﬁ ligature, e\u0301, \u200bzero width",
    "<s> </s> <mask> are data",
    "x" * 50,
)


@pytest.fixture
def folder(tmp_path: Path, tiny_reference: Path) -> Path:
    """A good model folder, for a test to spoil."""
    return shutil.copytree(tiny_reference, tmp_path / "my-model")


def load_folder(folder: Path) -> Any:
    return load(register_local(str(folder)))


def edit(path: Path, **changes: Any) -> None:
    """Changes keys of a JSON file; None removes one."""
    content = json.loads(path.read_text("utf-8")) | changes
    path.write_text(json.dumps({k: v for k, v in content.items() if v is not None}), "utf-8")


def refusal(folder: Path) -> str:
    with pytest.raises(ModelFormatError) as caught:
        load_folder(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("family", "tokenizer", "weights"),
    [
        ("xlm_roberta", "json", ["safetensors"]),
        ("xlm_roberta", "json", ["bin"]),
        ("bart", "json", ["safetensors"]),
        ("bart", "bpe", ["bin"]),
    ],
)
def test_what_transformers_loads(tmp_path: Path, family: str, tokenizer: str, weights: Sequence[str]) -> None:
    """The same weights, and of texts and pairs the very ids that transformers' own wrapper gives."""
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    folder = getattr(repositories, family)(tmp_path / "m", tokenizer=tokenizer, weights=weights)
    loaded = load_folder(folder)
    stock = AutoModelForSequenceClassification.from_pretrained(folder)
    for name, tensor in stock.state_dict().items():
        assert torch.equal(tensor, loaded.model.state_dict()[name]), name
    assert not loaded.model.training
    assert loaded.model.dtype == torch.float32
    assert not any(parameter.requires_grad for parameter in loaded.model.parameters())
    wrapper = AutoTokenizer.from_pretrained(folder)
    wrapper(list(TEXTS), padding=True, truncation=True)  # must not switch anything on in ours
    for text in TEXTS:
        assert loaded.tokenizer.encode(text).ids == wrapper(text)["input_ids"]
        for other in TEXTS:
            assert loaded.tokenizer.encode(text, other).ids == wrapper(text, other)["input_ids"]
    assert len(loaded.tokenizer.encode("x " * 3000).ids) > 3000
    assert loaded.tokenizer.padding is None


def test_a_repository_with_nothing_but_sentencepiece(tmp_path: Path) -> None:
    """XLM-R counts four special pieces of its own, then SentencePiece's from the third on."""
    import sentencepiece

    folder = repositories.xlm_roberta(tmp_path / "m", tokenizer="spm")
    try:
        import google.protobuf  # noqa: F401
    except ImportError:  # transformers reads the file with it
        with pytest.raises(ModelUnavailableError, match="pip install"):
            load_folder(folder)
        return
    pieces = sentencepiece.SentencePieceProcessor(str(folder / "sentencepiece.bpe.model"))
    tokenizer = load_folder(folder).tokenizer
    for text in repositories.SENTENCES:
        expected = [i + 1 if i else 3 for i in pieces.encode(text)]
        assert tokenizer.encode(text, add_special_tokens=False).ids == expected


def test_a_half_precision_file_is_computed_in_float32(folder: Path) -> None:
    weights = {name: tensor.half() for name, tensor in load_file(folder / "model.safetensors").items()}
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    edit(folder / "config.json", dtype="float16")
    assert load_folder(folder).model.dtype == torch.float32


@pytest.mark.parametrize(
    "classes",
    [
        ("entailment", "neutral", "contradiction"),
        ("CONTRADICTION", "ENTAILMENT", "NEUTRAL"),
        ("entailment", "not_entailment"),
        ("not_entailment", "entailment"),
    ],
)
def test_classes_in_any_order(tmp_path: Path, classes: Sequence[str]) -> None:
    folder = repositories.xlm_roberta(tmp_path / "m", classes=classes, vocabulary=200)
    assert load_folder(folder).id2label == dict(enumerate(classes))


@pytest.mark.parametrize(
    "classes",
    [
        ("LABEL_0", "LABEL_1", "LABEL_2"),
        ("negative", "neutral", "positive"),
        ("entailment", "neutral"),
        ("entailment", "entailment", "contradiction"),
        ("entailment",),
        ("ham", "spam"),
    ],
)
def test_a_model_without_entailment_is_refused(tmp_path: Path, classes: Sequence[str]) -> None:
    folder = repositories.xlm_roberta(tmp_path / "m", classes=classes, vocabulary=200)
    assert "entailment" in refusal(folder)


def test_code_in_a_repository_is_not_run(folder: Path, tmp_path: Path) -> None:
    trace = tmp_path / "was-here"
    code = f"open({str(trace)!r}, 'w')\n"
    for module in ("modeling_mine", "configuration_mine", "tokenization_mine"):
        (folder / f"{module}.py").write_text(code)
    own = {
        "AutoConfig": "configuration_mine.Mine",
        "AutoModelForSequenceClassification": "modeling_mine.Mine",
    }
    edit(folder / "config.json", auto_map=own)
    edit(folder / "tokenizer_config.json", auto_map={"AutoTokenizer": ["tokenization_mine.Mine", None]})
    assert load_folder(folder).model.__class__.__name__ == "XLMRobertaForSequenceClassification"
    edit(folder / "config.json", model_type="mine")
    assert "cannot be read" in refusal(folder)
    assert not trace.exists()


def test_a_pickle_that_is_a_program_is_not_run(folder: Path, tmp_path: Path) -> None:
    trace = tmp_path / "was-here"

    class Program:
        def __reduce__(self) -> tuple[Any, tuple[str, str]]:
            return open, (str(trace), "w")

    (folder / "model.safetensors").unlink()
    torch.save({"classifier.dense.weight": Program()}, folder / "pytorch_model.bin")
    assert "cannot be read" in refusal(folder)
    assert not trace.exists()


def test_damaged_weights(folder: Path) -> None:
    weights = folder / "model.safetensors"
    whole = weights.read_bytes()
    for spoiled in (b"", whole[:1000], whole[:-1000], b"\xff" * 100 + whole[100:], b"<html>not found</html>"):
        weights.write_bytes(spoiled)
        assert "replace them by a good copy" in refusal(folder)
    (folder / "pytorch_model.bin").write_bytes(b"not a pickle either")
    weights.unlink()
    assert "cannot be read" in refusal(folder)
    (folder / "pytorch_model.bin").unlink()
    assert "cannot be read" in refusal(folder)


def test_missing_weights_are_not_replaced_by_random_ones(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    del weights["classifier.out_proj.weight"]
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    assert "cannot be read" in refusal(folder)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json"])
@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"model_type": 3}'])
def test_damaged_descriptions(folder: Path, name: str, content: str) -> None:
    (folder / name).write_text(content)
    assert "cannot be read" in refusal(folder)


def test_weights_that_do_not_fit_the_configuration(folder: Path) -> None:
    edit(folder / "config.json", hidden_size=64)
    assert "cannot be read" in refusal(folder)


def test_too_little_memory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers import AutoModelForSequenceClassification

    def full(*_: Any, **__: Any) -> None:
        raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(AutoModelForSequenceClassification, "from_pretrained", full)
    with pytest.raises(ModelUnavailableError, match="too little memory"):
        load_folder(folder)


def test_local_folders(folder: Path, tmp_path: Path) -> None:
    name = register_local(str(folder))
    assert name == "my-model"
    assert register_local(str(folder)) == name
    assert not find_entry(name).is_remote
    other = shutil.copytree(folder, tmp_path / "elsewhere" / "my-model")
    edit(other / "config.json", id2label={"0": "entailment", "1": "neutral", "2": "contradiction"})
    second = register_local(str(other))
    assert second != name
    assert (load(name).id2label[0], load(second).id2label[0]) == ("contradiction", "entailment")
    embedded = shutil.copytree(folder, tmp_path / EMBEDDED)
    assert register_local(str(embedded)) == str(embedded)  # the catalogue's names stay the catalogue's


@pytest.mark.parametrize("path", ["", "nowhere", "../x", "https://example.org/model", "joeddav/other", "/"])
def test_what_is_no_model_folder(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelUnavailableError, match=r"config\.json"):
        register_local(path)


def test_folders_are_no_names_for_visitors(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path is a choice only once whoever starts the program has registered it."""
    monkeypatch.chdir(folder.parent)
    for name in (str(folder), folder.name, f"./{folder.name}"):
        with pytest.raises(UnknownModelError, match=REFERENCE):
            load(name)


@pytest.mark.usefixtures("cache")
def test_the_default(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose_default() == EMBEDDED
    monkeypatch.setenv("ZEROSHOT_MODEL", " facebook/bart-large-mnli ")
    assert choose_default() == "facebook/bart-large-mnli"
    monkeypatch.setenv("ZEROSHOT_MODEL", str(folder))
    assert choose_default() == "my-model"
    monkeypatch.setenv("ZEROSHOT_MODEL", "gpt2")
    with pytest.raises(ModelUnavailableError, match="gpt2"):
        choose_default()
    monkeypatch.setenv("ZEROSHOT_MODEL", "")
    assert choose_default() == EMBEDDED


def test_the_catalogue() -> None:
    assert list(CATALOGUE)[:2] == [EMBEDDED, REFERENCE]
    assert len(CATALOGUE) == 5
    for entry in CATALOGUE.values():
        assert entry.languages
        assert entry.licence
        assert entry.when.endswith(".")
        assert entry.english_only == ("(English" in entry.title)
        assert entry.is_remote == (entry.name != EMBEDDED)


def test_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    def machine(*, cuda: int, mps: bool) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    machine(cuda=0, mps=False)
    assert pick_device() == pick_device("auto") == pick_device("cpu") == "cpu"
    for name in ("cuda", "mps", "cuda:0"):
        with pytest.raises(ModelUnavailableError, match=r"no .* device"):
            pick_device(name)
    for name in ("gpu", "", "cpu:1", "cuda:", "cuda:-1", "cuda:x"):
        with pytest.raises(ModelUnavailableError, match="not a device"):
            pick_device(name)
    machine(cuda=2, mps=False)
    assert pick_device() == "cuda"
    assert pick_device("cuda:1") == "cuda:1"
    assert pick_device("cpu") == "cpu"
    with pytest.raises(ModelUnavailableError, match="no cuda:2 device"):
        pick_device("cuda:2")
    machine(cuda=0, mps=True)
    assert pick_device() == "mps"
