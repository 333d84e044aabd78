"""Small models of every family with random weights, a tokenizer made in memory, and random pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from tokenizers import Tokenizer
    from transformers import PreTrainedModel

    Ids = NDArray[np.int32]

SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]
WORDS = [*SPECIAL, *(f"w{number}" for number in range(300)), ".", ",", "a", "This", "text", "is", "about"]

SIZES: dict[str, Any] = {
    "vocab_size": len(WORDS),
    "hidden_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 128,
    "num_labels": 3,
    "pad_token_id": 1,
    "bos_token_id": 0,
    "eos_token_id": 2,
}
FAMILIES = ["bert", "bert-types", "xlm-roberta", "roberta", "bart", "deberta"]
PACKED = FAMILIES[:4]
LONGEST = 64


def make_tokenizer(family: str) -> Tokenizer:
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    tokenizer = Tokenizer(models.WordLevel({word: at for at, word in enumerate(WORDS)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.add_special_tokens(SPECIAL[:3])
    middle = "</s>" if family in {"bert-types", "deberta"} else "</s> </s>"
    one = ":1" if family == "bert-types" else ""
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair=f"<s> $A {middle} $B{one} </s>{one}",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    return tokenizer


def make_model(family: str, **changes: Any) -> PreTrainedModel:
    import transformers as t

    torch.manual_seed(7)
    sizes = SIZES | changes
    model: PreTrainedModel
    if family in {"bert", "bert-types"}:
        config = t.BertConfig(**sizes, max_position_embeddings=LONGEST, type_vocab_size=2)
        model = t.BertForSequenceClassification(config)
    elif family == "xlm-roberta":
        config = t.XLMRobertaConfig(**sizes, max_position_embeddings=LONGEST + 2, type_vocab_size=1)
        model = t.XLMRobertaForSequenceClassification(config)
    elif family == "roberta":
        config = t.RobertaConfig(**sizes, max_position_embeddings=LONGEST + 2, type_vocab_size=1)
        model = t.RobertaForSequenceClassification(config)
    elif family == "deberta":
        config = t.DebertaV2Config(
            **sizes,
            max_position_embeddings=LONGEST,
            type_vocab_size=0,
            relative_attention=True,
            pos_att_type=["p2c", "c2p"],
        )
        model = t.DebertaV2ForSequenceClassification(config)
    else:
        keys = ("vocab_size", "num_labels", "pad_token_id", "bos_token_id", "eos_token_id")
        config = t.BartConfig(
            **{key: sizes[key] for key in keys},
            d_model=64,
            encoder_layers=2,
            decoder_layers=2,
            encoder_attention_heads=4,
            decoder_attention_heads=4,
            encoder_ffn_dim=128,
            decoder_ffn_dim=128,
            max_position_embeddings=LONGEST,
            decoder_start_token_id=2,
        )
        model = t.BartForSequenceClassification(config)
    with torch.no_grad():
        for parameter in model.parameters():
            # As left by the initialiser biases are 0 and norms 1, and every pair gets nearly the same logits.
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return model.eval()


def random_pairs(count: int, seed: int = 0, longest: int = 100) -> list[tuple[Ids, Ids]]:
    """Of mixed lengths, some empty, some too long, some with a special token typed into them."""
    rng = np.random.default_rng(seed)
    pairs = []
    for _ in range(count):
        premise = rng.integers(4, len(WORDS), rng.integers(0, longest)).astype(np.int32)
        hypothesis = rng.integers(4, len(WORDS), rng.integers(1, 12)).astype(np.int32)
        if len(premise) and rng.random() < 0.1:
            premise[rng.integers(len(premise))] = rng.integers(0, 4)
        pairs.append((premise, hypothesis))
    return pairs


def stock_logits(
    model: PreTrainedModel, tokenizer: Tokenizer, pairs: list[tuple[Ids, Ids]]
) -> NDArray[np.float32]:
    """transformers' forward, one pair at a time, as its zero-shot pipeline calls it."""
    from transformers import PreTrainedTokenizerFast

    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", model_max_length=LONGEST, unk_token="<unk>"
    )
    names = ["input_ids", "attention_mask", "token_type_ids"]
    if getattr(model.config, "type_vocab_size", 0) < 2:
        names.pop()
    rows = []
    for premise, hypothesis in pairs:
        texts = [" ".join(WORDS[index] for index in ids) for ids in (premise, hypothesis)]
        inputs = fast([texts], truncation="only_first", return_tensors="pt", return_token_type_ids=True)
        with torch.no_grad():
            rows.append(model(**{name: inputs[name] for name in names}).logits[0].numpy())
    fast.backend_tokenizer.no_truncation()
    return np.stack(rows)


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such small models gain nothing by a second core, and on a busy machine wait for it at every product."""
    torch.set_num_threads(1)
    monkeypatch.setattr("zeroshot.engine.machine.cores", lambda: 1)


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)
