"""How the embedded model lies on disk, and the way back to a stock transformers model.

The folder holds what any model folder holds (`config.json`, `tokenizer.json`, a card), with the weights
in two safetensors files small enough for a repository:

- `embeddings.safetensors`: the word embeddings in blocks of 32 weights, `scale` float16 `[blocks]` and
  `nibbles` uint8 `[blocks, 16]` with the 16 low nibbles first; value = (nibble - 8) * scale. They are frozen
  in training and come in this form from the base, so nothing is lost.
- `layers.safetensors`: every matrix as `NAME.int8` `[out, in]` with one float32 `NAME.scale` `[out]` per
  output channel; vectors, position embeddings and the classifier in float32.

`load_embedded(folder)` gives a `BertForSequenceClassification` that transformers' own pipeline runs.
`EmbeddedModel(folder)` holds the tensors alone, for the packed forward: importing transformers' BERT takes
longer than reading them. It leaves the word embeddings in their blocks: a text needs few of the 250,000 rows,
and all of them in float32 would take 384 MB and half a second.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch
    from tokenizers import Tokenizer
    from transformers import BertForSequenceClassification

EMBEDDED_FOLDER = Path(__file__).parent / "embedded"
WORD_EMBEDDINGS = "bert.embeddings.word_embeddings.weight"
BLOCK = 32
EMBEDDINGS_FILE = "embeddings.safetensors"
LAYERS_FILE = "layers.safetensors"


def is_embedded_folder(folder: Path) -> bool:
    """Whether `folder` holds a model in this format."""
    return all((folder / name).is_file() for name in ("config.json", EMBEDDINGS_FILE, LAYERS_FILE))


def unpack_blocks(scale: torch.Tensor, nibbles: torch.Tensor) -> torch.Tensor:
    """4-bit blocks, `scale` `[n]` and `nibbles` `[n, 16]` -> float32 `[n * 32]`."""
    import torch

    out = torch.empty(len(nibbles), BLOCK, device=nibbles.device)
    out[:, : BLOCK // 2] = nibbles & 15
    out[:, BLOCK // 2 :] = nibbles >> 4
    return out.sub_(8).mul_(scale.float()[:, None]).view(-1)


class BlockTable:
    """Word embeddings `[entries, width]` that stay in 4-bit blocks; rows are unpacked as they are asked for.

    Args:
        scale, nibbles: the blocks, row after row.
        width: of the table, a multiple of `BLOCK`.

    Raises:
        ValueError: the tensors are not blocks of whole rows.
    """

    def __init__(self, scale: torch.Tensor, nibbles: torch.Tensor, width: int) -> None:
        import torch

        per_row, rest = divmod(width, BLOCK)
        right = not rest and len(scale) % per_row == 0 and nibbles.shape == (len(scale), BLOCK // 2)
        if not right or (scale.dtype, nibbles.dtype) != (torch.float16, torch.uint8):
            raise ValueError(f"the word embeddings are not blocks of {BLOCK}, {width} a row")
        self._scale, self._nibbles = scale.view(-1, per_row), nibbles.view(-1, per_row, BLOCK // 2)
        self.width = width

    def __len__(self) -> int:
        return len(self._scale)

    def rows(self, ids: torch.Tensor) -> torch.Tensor:
        """Ids `int64 [tokens]` -> float32 `[tokens, width]`."""
        scale, nibbles = self._scale.index_select(0, ids), self._nibbles.index_select(0, ids)
        return unpack_blocks(scale.view(-1), nibbles.view(-1, BLOCK // 2)).view(-1, self.width)

    def whole(self) -> torch.Tensor:
        """The table in float32."""
        return unpack_blocks(self._scale.view(-1), self._nibbles.view(-1, BLOCK // 2)).view(-1, self.width)

    def to(self, device: str) -> BlockTable:
        """The same, on a device."""
        scale, nibbles = self._scale.to(device).view(-1), self._nibbles.to(device).view(-1, BLOCK // 2)
        return BlockTable(scale, nibbles, self.width)


def pack_channels(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """A float32 matrix `[out, in]` -> int8 of the same shape and float32 scales `[out]`."""
    import torch

    scale = weight.abs().amax(1).clamp_min(1e-12) / 127
    return torch.round(weight / scale[:, None]).to(torch.int8), scale


def unpack_channels(values: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """The inverse of `pack_channels`, up to its rounding."""
    return values.float() * scale[:, None]


def _is_packed(name: str, tensor: torch.Tensor) -> bool:
    return tensor.ndim == 2 and "embeddings" not in name and not name.startswith("classifier")


def write_weights(
    folder: Path, state: Mapping[str, torch.Tensor], scale: torch.Tensor, nibbles: torch.Tensor
) -> None:
    """Writes both weight files.

    Args:
        state: the weights of a `BertForSequenceClassification`; its word embeddings are not read.
        scale, nibbles: the word embeddings, in blocks.
    """
    from safetensors.torch import save_file

    layers: dict[str, torch.Tensor] = {}
    for name, tensor in state.items():
        if name == WORD_EMBEDDINGS:
            continue
        if _is_packed(name, tensor):
            layers[f"{name}.int8"], layers[f"{name}.scale"] = pack_channels(tensor.float())
        else:
            layers[name] = tensor.float().clone()
    save_file(layers, folder / LAYERS_FILE)
    save_file({"scale": scale.contiguous(), "nibbles": nibbles.contiguous()}, folder / EMBEDDINGS_FILE)


def read_words(folder: Path, width: int) -> BlockTable:
    """The word embeddings of a folder."""
    from safetensors.torch import load_file

    return BlockTable(**load_file(folder / EMBEDDINGS_FILE), width=width)


def read_layers(folder: Path) -> dict[str, torch.Tensor]:
    """All other weights in float32, by the names of a `BertForSequenceClassification`."""
    from safetensors.torch import load_file

    state: dict[str, torch.Tensor] = {}
    layers = load_file(folder / LAYERS_FILE)
    for name, tensor in layers.items():
        if name.endswith(".int8"):
            whole = name.removesuffix(".int8")
            state[whole] = unpack_channels(tensor, layers[f"{whole}.scale"])
        elif not (name.endswith(".scale") and f"{name.removesuffix('.scale')}.int8" in layers):
            state[name] = tensor.float()
    return state


def expected_shapes(config: Any) -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor that a `BertForSequenceClassification` of this configuration has beside
    its word embeddings.
    """
    width, inner = config.hidden_size, config.intermediate_size
    shapes: dict[str, tuple[int, ...]] = {
        "bert.embeddings.position_embeddings.weight": (config.max_position_embeddings, width),
        "bert.embeddings.token_type_embeddings.weight": (config.type_vocab_size, width),
    }
    norms = ["bert.embeddings.LayerNorm"]
    linear = {"bert.pooler.dense": (width, width), "classifier": (len(config.id2label), width)}
    for number in range(config.num_hidden_layers):
        layer = f"bert.encoder.layer.{number}"
        norms += [f"{layer}.attention.output.LayerNorm", f"{layer}.output.LayerNorm"]
        for part in ("self.query", "self.key", "self.value", "output.dense"):
            linear[f"{layer}.attention.{part}"] = (width, width)
        linear[f"{layer}.intermediate.dense"] = (inner, width)
        linear[f"{layer}.output.dense"] = (width, inner)
    for name in norms:
        shapes[f"{name}.weight"] = shapes[f"{name}.bias"] = (width,)
    for name, shape in linear.items():
        shapes[f"{name}.weight"], shapes[f"{name}.bias"] = shape, shape[:1]
    return shapes


CONFIG_DEFAULTS = {"hidden_act": "gelu", "layer_norm_eps": 1e-12, "type_vocab_size": 2}
"""What `BertConfig` takes for a key that is not in `config.json`."""


class EmbeddedModel:
    """The model of a folder: its configuration and its tensors in float32.

    Attributes:
        words: the word embeddings.

    Raises:
        Exception: where a file is missing or is not what it should be; the readers' own.
    """

    architecture = "BertForSequenceClassification"

    def __init__(self, folder: Path) -> None:
        content = CONFIG_DEFAULTS | json.loads((folder / "config.json").read_text("utf-8"))
        content["id2label"] = {int(number): name for number, name in content["id2label"].items()}
        self.config = SimpleNamespace(**content)
        if self.config.hidden_size % self.config.num_attention_heads:
            raise ValueError("the width is not a multiple of the number of heads")
        self._folder = folder
        self.words = read_words(folder, self.config.hidden_size)
        self._state = read_layers(folder)
        found = {name: tuple(tensor.shape) for name, tensor in self._state.items()}
        if len(self.words) != self.config.vocab_size or found != expected_shapes(self.config):
            raise ValueError("the tensors are not those that config.json describes")

    def state_dict(self) -> dict[str, torch.Tensor]:
        """Tensors by the stock model's names, all but `words`."""
        return self._state

    def stock(self) -> BertForSequenceClassification:
        """The model that transformers runs, in evaluation mode, on the same tensors."""
        import torch
        from transformers import BertConfig, BertForSequenceClassification

        config = BertConfig(**json.loads((self._folder / "config.json").read_text("utf-8")))
        with torch.device("meta"):  # no time is spent on random weights that are replaced at once
            model = BertForSequenceClassification(config)
        state = self._state | {WORD_EMBEDDINGS: self.words.whole()}
        model.load_state_dict(state, assign=True, strict=True)
        embeddings: Any = model.bert.embeddings
        length = config.max_position_embeddings
        embeddings.position_ids = torch.arange(length)[None]
        embeddings.token_type_ids = torch.zeros(1, length, dtype=torch.long)
        model.requires_grad_(False)
        return model.eval()


def load_tokenizer(folder: Path) -> Tokenizer:
    """The folder's tokenizer, without padding or truncation."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def load_embedded(folder: Path = EMBEDDED_FOLDER) -> tuple[BertForSequenceClassification, Tokenizer]:
    """The model, float32 and in evaluation mode, and its tokenizer without padding or truncation.

    Raises:
        Exception: where a file is missing or is not what it should be; the readers' own.
    """
    return EmbeddedModel(folder).stock(), load_tokenizer(folder)
