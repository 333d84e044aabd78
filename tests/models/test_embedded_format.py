"""The embedded model's format: what it keeps, what transformers makes of it, and what damage looks like."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast, pipeline

from tests.models import repositories
from zeroshot.errors import ModelFormatError, ZeroShotError
from zeroshot.models.embedded_format import (
    EMBEDDED_FOLDER,
    EMBEDDINGS_FILE,
    LAYERS_FILE,
    WORD_EMBEDDINGS,
    BlockTable,
    is_embedded_folder,
    load_embedded,
    pack_channels,
    read_layers,
    read_words,
    unpack_blocks,
    unpack_channels,
    write_weights,
)
from zeroshot.models.export import export
from zeroshot.models.loading import load, register_local

PAIRS = (
    ("За кого вы голосуете в 2020 году?", "This text is about politics."),
    ("¿A quién vas a votar en 2020?", "Este ejemplo es política."),
    ("这段文本是关于体育的。", "هذا النص عن الرياضة."),
    ("", "x"),
)


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Threads of torch that wait for each other on a busy machine take longer than the work."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def tiny(tmp_path: Path) -> tuple[Path, BertForSequenceClassification]:
    """A folder in the format, and the model that was written to it."""
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=320,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=40,
        pad_token_id=1,
        id2label={0: "contradiction", 1: "neutral", 2: "entailment"},
        label2id={"contradiction": 0, "neutral": 1, "entailment": 2},
    )
    model = BertForSequenceClassification(config).eval()
    nibbles = torch.randint(0, 256, (320, 16), dtype=torch.uint8)
    scale = torch.rand(320).half() / 50
    with torch.no_grad():
        model.bert.embeddings.word_embeddings.weight.copy_(unpack_blocks(scale, nibbles).view(320, 32))
    folder = tmp_path / "tiny"
    folder.mkdir()
    config.save_pretrained(folder)
    write_weights(folder, model.state_dict(), scale, nibbles)
    letters = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3} | {chr(97 + i): 4 + i for i in range(26)}
    tokenizer = Tokenizer(models.WordLevel(letters, "<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder, model


def test_blocks() -> None:
    """Low nibbles are the first half of a block; 8 is zero."""
    nibbles = torch.tensor([[0x08] * 16, [0xF0] * 16], dtype=torch.uint8)
    values = unpack_blocks(torch.tensor([0.5, 2.0], dtype=torch.float16), nibbles).view(2, 32)
    assert values[0, :16].eq(0).all()
    assert values[0, 16:].eq(-4).all()
    assert values[1, :16].eq(-16).all()
    assert values[1, 16:].eq(14).all()


def test_rows_of_a_table_are_those_of_the_whole(tiny: tuple[Path, BertForSequenceClassification]) -> None:
    folder, model = tiny
    words = read_words(folder, 32)
    ids = torch.tensor([319, 0, 7, 7])
    assert len(words) == 320
    assert torch.equal(words.rows(ids), model.bert.embeddings.word_embeddings(ids))
    assert torch.equal(words.to("cpu").rows(ids), words.whole()[ids])
    assert words.rows(ids[:0]).shape == (0, 32)


@pytest.mark.parametrize(
    ("scale", "nibbles", "width"),
    [
        (torch.zeros(6).half(), torch.zeros(6, 16, dtype=torch.uint8), 48),
        (torch.zeros(5).half(), torch.zeros(5, 16, dtype=torch.uint8), 64),
        (torch.zeros(6).half(), torch.zeros(6, 8, dtype=torch.uint8), 64),
        (torch.zeros(6), torch.zeros(6, 16, dtype=torch.uint8), 64),
        (torch.zeros(6).half(), torch.zeros(6, 16), 64),
    ],
)
def test_what_is_no_table_of_blocks_is_refused(
    scale: torch.Tensor, nibbles: torch.Tensor, width: int
) -> None:
    with pytest.raises(ValueError, match=f"not blocks of 32, {width} a row"):
        BlockTable(scale, nibbles, width)


def test_channels() -> None:
    weight = torch.randn(7, 50) * torch.logspace(-6, 2, 7)[:, None]
    weight[3] = 0
    values, scale = pack_channels(weight)
    assert values.dtype == torch.int8
    error = (unpack_channels(values, scale) - weight).abs()
    assert bool((error <= scale[:, None] / 2 * 1.0001).all())


def test_round_trip(tiny: tuple[Path, BertForSequenceClassification]) -> None:
    """Everything but the layers' matrices comes back exactly; those within half a step of 254."""
    folder, model = tiny
    assert is_embedded_folder(folder)
    back = read_layers(folder) | {WORD_EMBEDDINGS: read_words(folder, 32).whole()}
    state = model.state_dict()
    assert set(back) == set(state)
    for name, tensor in state.items():
        assert back[name].dtype == torch.float32
        exact = tensor.ndim == 1 or "embeddings" in name or name.startswith("classifier")
        step = 0.0 if exact else float(tensor.abs().max()) / 127
        assert float((back[name] - tensor).abs().max()) <= step / 2 * 1.0001, name
    assert WORD_EMBEDDINGS not in load_file(folder / LAYERS_FILE)


def test_loaded_model_is_complete(tiny: tuple[Path, BertForSequenceClassification]) -> None:
    folder, model = tiny
    loaded, tokenizer = load_embedded(folder)
    assert not loaded.training
    everything = [*loaded.named_parameters(), *loaded.named_buffers()]
    assert not [name for name, tensor in everything if tensor.is_meta]
    assert not [name for name, tensor in loaded.named_parameters() if tensor.requires_grad]
    ids = torch.tensor([tokenizer.encode("a b c", "d").ids])
    with torch.inference_mode():
        assert torch.allclose(loaded(ids).logits, model(ids).logits, atol=2e-3)
    assert load(register_local(str(folder))).id2label[2] == "entailment"


def test_tokenizer_that_was_saved_with_padding(tiny: tuple[Path, BertForSequenceClassification]) -> None:
    folder, _ = tiny
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_padding(length=50)
    tokenizer.enable_truncation(3)
    tokenizer.save(str(folder / "tokenizer.json"))
    _, loaded = load_embedded(folder)
    assert len(loaded.encode("a b c d e", add_special_tokens=False).ids) == 5


def test_damaged_files(tiny: tuple[Path, BertForSequenceClassification]) -> None:
    folder, _ = tiny
    name = register_local(str(folder))
    load(name)
    layers, blocks = load_file(folder / LAYERS_FILE), load_file(folder / EMBEDDINGS_FILE)
    query = "bert.encoder.layer.0.attention.self.query.weight"

    def spoil_layers(**changes: torch.Tensor | None) -> None:
        kept = {k: v for k, v in (layers | changes).items() if v is not None}
        save_file(kept, folder / LAYERS_FILE)

    def text(file: str, content: str) -> None:
        (folder / file).write_text(content)

    for spoil in (
        lambda: spoil_layers(**{f"{query}.scale": None}),
        lambda: spoil_layers(**{f"{query}.int8": None}),
        lambda: spoil_layers(**{f"{query}.int8": layers[f"{query}.int8"][:5]}),
        lambda: spoil_layers(**{"classifier.bias": None}),
        lambda: spoil_layers(unknown=torch.zeros(3)),
        lambda: save_file({"scale": blocks["scale"]}, folder / EMBEDDINGS_FILE),
        lambda: save_file({k: v[:100] for k, v in blocks.items()}, folder / EMBEDDINGS_FILE),
        lambda: text(EMBEDDINGS_FILE, ""),
        lambda: (folder / LAYERS_FILE).write_bytes((folder / LAYERS_FILE).read_bytes()[:-50]),
        lambda: text("config.json", "{"),
        lambda: text("config.json", "[]"),
        lambda: text("config.json", (folder / "config.json").read_text().replace('_heads": 4', '_heads": 5')),
        lambda: text("tokenizer.json", "version https://git-lfs.github.com/spec/v1"),
        (folder / "tokenizer.json").unlink,
    ):
        whole = {path: path.read_bytes() for path in folder.iterdir()}
        spoil()
        with pytest.raises(ModelFormatError, match="they may be damaged"):
            load(name)
        for path, content in whole.items():
            path.write_bytes(content)
    load(name)


def test_the_shipped_folder() -> None:
    """Small enough for a repository, and quick to load; the wall clock of a busy machine proves nothing."""
    files = [path for path in EMBEDDED_FOLDER.iterdir() if path.is_file()]
    assert max(path.stat().st_size for path in files) <= 60e6
    assert sum(path.stat().st_size for path in files) <= 100e6
    load_embedded()  # the first time imports transformers
    begun = time.thread_time()
    model, _ = load_embedded()
    assert time.thread_time() - begun < 4
    assert model.config.vocab_size == 250_037
    assert set(model.config.id2label.values()) == {"contradiction", "neutral", "entailment"}


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = export("embedded", str(tmp_path_factory.mktemp("export") / "plain"))
    yield folder
    shutil.rmtree(folder)  # half a gigabyte, which pytest would keep


def test_exported_folder_is_a_plain_one(exported: Path) -> None:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    assert {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"} <= {
        path.name for path in exported.iterdir()
    }
    config = json.loads((exported / "config.json").read_text("utf-8"))
    assert config["architectures"] == ["BertForSequenceClassification"]
    ours, tokenizer = load_embedded()
    stock = AutoModelForSequenceClassification.from_pretrained(exported)
    assert stock.dtype == torch.float32
    for name, tensor in ours.state_dict().items():
        assert torch.equal(tensor, stock.state_dict()[name]), name
    wrapper = AutoTokenizer.from_pretrained(exported)
    assert wrapper.model_max_length == 512
    for premise, hypothesis in PAIRS:
        encoded = wrapper(premise, hypothesis)
        assert tokenizer.encode(premise, hypothesis).ids == encoded["input_ids"]
        assert "token_type_ids" not in encoded
    assert len(wrapper("word " * 2000, "x", truncation="only_first")["input_ids"]) == 512


def test_transformers_pipeline_gives_the_same_scores(exported: Path) -> None:
    """The exported folder by its name, and the loaded model itself, under transformers' own pipeline."""
    model, tokenizer = load_embedded()
    wrapper = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=512,
        model_input_names=["input_ids", "attention_mask"],
        bos_token="<s>",
        eos_token="</s>",
        sep_token="</s>",
        cls_token="<s>",
        unk_token="<unk>",
        pad_token="<pad>",
        mask_token="<mask>",
    )
    task: Any = "zero-shot-classification"
    direct = pipeline(task, model=model, tokenizer=wrapper, device="cpu")
    plain = pipeline(task, model=str(exported), device="cpu")
    for multi in (False, True):
        results = [
            classify(
                [pair[0] for pair in PAIRS[:3]],
                ["politics", "deporte", "健康"],
                hypothesis_template="This text is about {}.",
                multi_label=multi,
            )
            for classify in (direct, plain)
        ]
        for one, other in zip(*results, strict=True):
            assert one["labels"] == other["labels"]
            assert one["scores"] == pytest.approx(other["scores"], abs=1e-6)


def test_export_of_other_models(tmp_path: Path, tiny_reference: Path) -> None:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    bart = repositories.bart(tmp_path / "bart", tokenizer="bpe", weights=["bin"])
    for folder in (tiny_reference, bart):
        name = register_local(str(folder))
        plain = export(name, str(tmp_path / f"plain-{name}"))
        loaded, wrapper = load(name), AutoTokenizer.from_pretrained(plain)
        for premise, hypothesis in PAIRS:
            expected = loaded.tokenizer.encode(premise, hypothesis).ids
            assert wrapper(premise, hypothesis)["input_ids"] == expected
        ids = torch.tensor([loaded.tokenizer.encode(*PAIRS[0]).ids])
        with torch.inference_mode():
            stock = AutoModelForSequenceClassification.from_pretrained(plain).eval()
            assert torch.equal(stock(ids).logits, loaded.model(ids).logits)


def test_export_of_a_folder_in_the_embedded_format(
    tiny: tuple[Path, BertForSequenceClassification], tmp_path: Path
) -> None:
    (tiny[0] / "README.md").write_text("its own card")
    plain = export(register_local(str(tiny[0])), str(tmp_path / "plain"))
    assert (plain / "README.md").read_text() == "its own card"
    assert not is_embedded_folder(plain)


def test_export_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    for target in (tmp_path, tmp_path / "mine"):
        with pytest.raises(ZeroShotError, match="not empty"):
            export("embedded", str(target))
    assert (tmp_path / "mine").read_text() == "mine"


def test_export_to_a_full_disk(
    tiny: tuple[Path, BertForSequenceClassification], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    name = register_local(str(tiny[0]))
    monkeypatch.setattr(BertForSequenceClassification, "save_pretrained", full)
    with pytest.raises(ZeroShotError, match="No space left"):
        export(name, str(tmp_path / "plain"))
