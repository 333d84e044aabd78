"""Tiny models of random weights with tokenizers of single letters, of the families that the engine knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import (
    BartConfig,
    BartForSequenceClassification,
    BertConfig,
    BertForSequenceClassification,
    PreTrainedTokenizerFast,
    XLMRobertaConfig,
    XLMRobertaForSequenceClassification,
    pipeline,
)

if TYPE_CHECKING:
    from collections.abc import Callable

SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]
LETTERS = [
    *"abcdefghijklmnopqrstuvwxyzäéñşğ.,:;!?'",
    *"абвгдежзийклмнопрстуфхцчшщъыьэюя",
    *"这段文字是关于的人民体育政治",
]
SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}

THREE = ("contradiction", "neutral", "entailment")


def tokenizer(*, roberta: bool) -> Tokenizer:
    """Letters as word pieces; what is no letter of ours is unknown, so many different words look the same."""
    vocabulary = {piece: i for i, piece in enumerate([*SPECIAL, *LETTERS, *(f"##{c}" for c in LETTERS)])}
    result = Tokenizer(models.WordPiece(vocabulary, unk_token="<unk>"))
    result.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    result.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    result.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>" if roberta else "<s> $A </s> $B:1 </s>:1",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    return result


def _common(names: tuple[str, ...]) -> dict[str, Any]:
    id2label = dict(enumerate(names))
    return {
        "vocab_size": len(SPECIAL) + 2 * len(LETTERS),
        "pad_token_id": 1,
        "bos_token_id": 0,
        "eos_token_id": 2,
        "id2label": id2label,
        "label2id": {name: i for i, name in id2label.items()},
    }


def bert(names: tuple[str, ...]) -> tuple[Any, Tokenizer]:
    config = BertConfig(**SIZES, **_common(names), max_position_embeddings=128)
    return BertForSequenceClassification(config), tokenizer(roberta=False)


def xlm_roberta(names: tuple[str, ...]) -> tuple[Any, Tokenizer]:
    config = XLMRobertaConfig(**SIZES, **_common(names), max_position_embeddings=130, type_vocab_size=1)
    return XLMRobertaForSequenceClassification(config), tokenizer(roberta=True)


def bart(names: tuple[str, ...]) -> tuple[Any, Tokenizer]:
    config = BartConfig(
        **_common(names),
        d_model=32,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        max_position_embeddings=128,
        decoder_start_token_id=2,
        forced_eos_token_id=None,
    )
    return BartForSequenceClassification(config), tokenizer(roberta=True)


FAMILIES: dict[str, Callable[[tuple[str, ...]], tuple[Any, Tokenizer]]] = {
    "bert": bert,
    "xlm-roberta": xlm_roberta,
    "bart": bart,
}


def build(family: str, names: tuple[str, ...] = THREE, seed: int = 0) -> tuple[Any, Tokenizer]:
    """A model with weights large enough that scores spread over the whole of 0..1."""
    torch.manual_seed(seed)
    model, letters = FAMILIES[family](names)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.ndim > 1 and "embed" not in name:
                weight.mul_(8.0)
    return model.eval(), letters


def wrap(letters: Tokenizer, *, max_length: int, typed: bool) -> PreTrainedTokenizerFast:
    """Transformers' wrapper; `typed` if it is to give token types."""
    return PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(letters.to_str()),
        bos_token="<s>",
        eos_token="</s>",
        cls_token="<s>",
        sep_token="</s>",
        unk_token="<unk>",
        pad_token="<pad>",
        model_max_length=max_length,
        model_input_names=["input_ids", *(["token_type_ids"] if typed else []), "attention_mask"],
    )


def stock(model: Any, letters: Tokenizer, *, max_length: int) -> Any:
    """Transformers' own zero-shot pipeline on the same weights."""
    wrapped = wrap(letters, max_length=max_length, typed=model.config.model_type == "bert")
    return pipeline("zero-shot-classification", model=model, tokenizer=wrapped, device="cpu")
