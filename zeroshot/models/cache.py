"""What the local model cache holds, looked up without a network and without loading anything."""

from __future__ import annotations

from pathlib import Path

from zeroshot.models.catalogue import find_entry

SAFETENSORS, PICKLED = "model.safetensors", "pytorch_model.bin"
WEIGHT_FILES = (SAFETENSORS, PICKLED)
"""Either will do; the first is preferred."""
SENTENCEPIECE = "sentencepiece.bpe.model"
TOKENIZERS = (("tokenizer.json",), (SENTENCEPIECE,), ("vocab.json", "merges.txt"))
"""Any of these sets of files makes a tokenizer."""


def snapshot(name: str) -> Path | None:
    """The folder of the cached files of a hub model, or None while any that is needed is missing."""
    from huggingface_hub import try_to_load_from_cache

    config = try_to_load_from_cache(name, "config.json")
    if not isinstance(config, str):
        return None
    folder = Path(config).parent
    tokenizer = any(all((folder / file).is_file() for file in files) for files in TOKENIZERS)
    weights = any((folder / file).is_file() for file in WEIGHT_FILES)
    return folder if tokenizer and weights else None


def is_cached(name: str) -> bool:
    """Whether a model can be loaded with no network at all.

    Raises:
        UnknownModelError: no such model in the catalogue.
    """
    return not find_entry(name).is_remote or snapshot(name) is not None
