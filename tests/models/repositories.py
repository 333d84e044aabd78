"""Tiny random models laid out as their repositories on the hub are, with tokenizers made in memory.

They have the architectures of the catalogue, so they can stand for its entries under the same names.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import (
    BartConfig,
    BartForSequenceClassification,
    PreTrainedModel,
    XLMRobertaConfig,
    XLMRobertaForSequenceClassification,
)

NLI = ("contradiction", "neutral", "entailment")
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]
SENTENCES = (
    "За кого вы голосуете в 2020 году?",
    "¿A quién vas a votar en 2020?",
    "This text is about politics, public health or Europe.",
    "這段文本是關於體育的。",
    "هذا النص عن السياسة.",
)


def _config(classes: Sequence[str]) -> dict[str, Any]:
    return {
        "id2label": dict(enumerate(classes)),
        "label2id": {name: i for i, name in enumerate(classes)},
        "pad_token_id": 1,
        "bos_token_id": 0,
        "eos_token_id": 2,
    }


def _save(model: PreTrainedModel, folder: Path, weights: Iterable[str]) -> None:
    """`weights`: the suffixes of the weight files wanted."""
    model.save_pretrained(folder)
    if "bin" in weights:
        torch.save(model.state_dict(), folder / "pytorch_model.bin")
    if "safetensors" not in weights:
        (folder / "model.safetensors").unlink()


def xlm_roberta(
    folder: Path,
    *,
    classes: Sequence[str] = NLI,
    weights: Sequence[str] = ("safetensors", "bin"),
    tokenizer: str = "json",
    vocabulary: int = 8000,
) -> Path:
    """An XLM-R classifier; `tokenizer` is `json`, or `spm` for a repository with nothing but the original.

    The rows of the vocabulary that no piece needs make the weights large enough to be cut in the middle.
    """
    torch.manual_seed(0)
    config = XLMRobertaConfig(
        vocab_size=vocabulary,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=514,
        type_vocab_size=1,
        **_config(classes),
    )
    _save(XLMRobertaForSequenceClassification(config), folder, weights)
    if tokenizer == "spm":
        (folder / "sentencepiece.bpe.model").write_bytes(_sentencepiece())
    else:
        _unigram().save(str(folder / "tokenizer.json"))
    settings = {"tokenizer_class": "XLMRobertaTokenizer", "model_max_length": 512}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), "utf-8")
    return folder


def bart(
    folder: Path,
    *,
    classes: Sequence[str] = NLI,
    weights: Sequence[str] = ("safetensors", "bin"),
    tokenizer: str = "json",
) -> Path:
    """A BART classifier; `tokenizer` is `json`, or `bpe` for `vocab.json` and `merges.txt`."""
    torch.manual_seed(0)
    config = BartConfig(
        vocab_size=300,
        d_model=32,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        max_position_embeddings=1024,
        decoder_start_token_id=2,
        forced_eos_token_id=2,
        **_config(classes),
    )
    _save(BartForSequenceClassification(config), folder, weights)
    letters = _bytes()
    if tokenizer == "bpe":
        letters.model.save(str(folder))
    else:
        letters.save(str(folder / "tokenizer.json"))
    return folder


def _unigram() -> Tokenizer:
    """As XLM-R's: pieces that begin words have a `▁` in front."""
    text = " ".join(SENTENCES)
    pieces = [
        *SPECIAL,
        "▁",
        *sorted(set(text) - {" "}),
        *(f"▁{word}" for word in dict.fromkeys(text.split())),
    ]
    pieces = [*pieces, "<mask>"]
    result = Tokenizer(models.Unigram([(piece, -float(i) / 10) for i, piece in enumerate(pieces)], unk_id=3))
    result.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]
    )
    result.decoder = decoders.Metaspace()
    result.add_special_tokens([*SPECIAL, "<mask>"])
    result.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    return result


def _bytes() -> Tokenizer:
    """As BART's: bytes, with a few of them merged."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = [("t", "h"), ("i", "s"), ("Ġ", "a")]
    pieces = [*SPECIAL, *letters, *(a + b for a, b in merges), "<mask>"]
    result = Tokenizer(models.BPE({piece: i for i, piece in enumerate(pieces)}, merges))
    result.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    result.decoder = decoders.ByteLevel()
    result.add_special_tokens([*SPECIAL, "<mask>"])
    result.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    return result


def _sentencepiece() -> bytes:
    import sentencepiece

    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES * 20),
        model_writer=written,
        vocab_size=120,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    return written.getvalue()
