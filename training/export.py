"""Step 4 of the recipe: a trained model into the folder that the product ships."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from zeroshot.models.embedded_format import BLOCK, unpack_blocks, write_weights

if TYPE_CHECKING:
    from transformers import BertForSequenceClassification

    from training.base import Blocks


def pack_blocks(weight: torch.Tensor) -> Blocks:
    """Word embeddings of a base that comes in floating point -> 4-bit blocks (scale, nibbles).

    The weight of the largest magnitude in a block maps to -8, as llama.cpp's Q4_0 does.
    """
    blocks = weight.float().reshape(-1, BLOCK)
    largest = blocks.gather(1, blocks.abs().argmax(1, keepdim=True))
    scale = (largest / -8).half()
    safe = torch.where(scale == 0, torch.ones_like(scale), scale).float()
    whole = (torch.round(blocks / safe) + 8).clamp_(0, 15).to(torch.uint8)
    half = BLOCK // 2
    return scale.view(-1), whole[:, :half] | (whole[:, half:] << 4)


def export(
    model: BertForSequenceClassification, blocks: Blocks | None, tokenizer_json: str, folder: Path
) -> None:
    """Writes config, tokenizer and weights; the card is written by hand beside them.

    Args:
        blocks: the word embeddings as the base had them, or None to pack the model's own.
    """
    folder.mkdir(parents=True, exist_ok=True)
    words = model.bert.embeddings.word_embeddings.weight.detach()
    if blocks is None:
        blocks = pack_blocks(words)
    elif not torch.equal(unpack_blocks(*blocks).view_as(words), words):
        raise ValueError("The word embeddings are no longer those of the base: export them with blocks=None.")
    scale, nibbles = blocks
    write_weights(folder, model.state_dict(), scale, nibbles)
    config = model.config.to_dict()
    config["architectures"] = ["BertForSequenceClassification"]
    for name in ("_name_or_path", "transformers_version", "dtype", "torch_dtype"):
        config.pop(name, None)
    _write_json(folder / "config.json", config)
    compact = json.dumps(json.loads(tokenizer_json), ensure_ascii=False, separators=(",", ":"))
    (folder / "tokenizer.json").write_text(compact, "utf-8")
    _write_tokenizer_config(folder, model.config.max_position_embeddings)


def export_plain(model: BertForSequenceClassification, tokenizer_json: str, folder: Path) -> None:
    """Writes the model as trained, in float32, as a plain folder: what compression is measured by."""
    model.save_pretrained(folder)
    (folder / "tokenizer.json").write_text(tokenizer_json, "utf-8")
    _write_tokenizer_config(folder, model.config.max_position_embeddings)


def _write_tokenizer_config(folder: Path, length: int) -> None:
    _write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": length,
            "model_input_names": ["input_ids", "attention_mask"],
            "bos_token": "<s>",
            "cls_token": "<s>",
            "eos_token": "</s>",
            "sep_token": "</s>",
            "pad_token": "<pad>",
            "unk_token": "<unk>",
            "mask_token": "<mask>",
        },
    )


def _write_json(path: Path, content: dict[str, object]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True) + "\n", "utf-8")
