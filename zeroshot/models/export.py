"""A model of the catalogue as a plain Hugging Face folder, ready for the hub."""

from __future__ import annotations

import shutil
from pathlib import Path

from zeroshot.errors import ZeroShotError
from zeroshot.models.loading import folder_of, load


def export(name: str, target: str) -> Path:
    """Writes `config.json`, `model.safetensors` (float32) and the tokenizer's files into `target`.

    transformers loads it with `AutoModelForSequenceClassification` and `AutoTokenizer`.

    Raises:
        ZeroShotError: `target` exists and is not an empty folder, or cannot be written.
    """
    folder = Path(target).expanduser()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ZeroShotError(f"{target!r} exists and is not empty: name a new folder.")
    loaded = load(name)
    source = folder_of(loaded.entry)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        loaded.model.save_pretrained(folder)
        loaded.tokenizer.save(str(folder / "tokenizer.json"))
        for file in ("tokenizer_config.json", "special_tokens_map.json", "README.md"):
            if (source / file).is_file():
                shutil.copyfile(source / file, folder / file)
    except OSError as error:
        raise ZeroShotError(
            f"{target!r} cannot be written ({error.strerror}): name another folder."
        ) from error
    return folder
