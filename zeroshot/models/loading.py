"""From a name to a model in memory, in float32, and its tokenizer."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zeroshot.errors import ModelFormatError, ModelUnavailableError
from zeroshot.models.cache import SAFETENSORS, SENTENCEPIECE, is_cached, snapshot
from zeroshot.models.catalogue import CATALOGUE, EMBEDDED, REFERENCE, Entry, find_entry
from zeroshot.models.embedded_format import (
    EMBEDDED_FOLDER,
    EmbeddedModel,
    is_embedded_folder,
    load_tokenizer,
)
from zeroshot.nli import find_classes

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedModel

UNSTATED = 10**9
"""transformers writes a larger number where a tokenizer has no limit."""

_local: dict[str, Path] = {}


@dataclass(frozen=True)
class LoadedModel:
    """A model and the tokenizer beneath its transformers wrapper."""

    entry: Entry
    source: PreTrainedModel | EmbeddedModel
    """What an engine is made of: the stock model, or its tensors alone."""
    tokenizer: Tokenizer
    """Without padding and truncation."""
    id2label: dict[int, str]
    max_length: int | None = None
    """Tokens that transformers cuts a pair at, where its tokenizer says so."""
    token_types: bool = True
    """Whether transformers tells the model which tokens are the premise's and which the hypothesis's."""

    @property
    def name(self) -> str:
        """The name it was loaded by."""
        return self.entry.name

    @cached_property
    def model(self) -> PreTrainedModel:
        """The stock transformers model, in evaluation mode."""
        return self.source.stock() if isinstance(self.source, EmbeddedModel) else self.source


def register_local(path: str) -> str:
    """Makes a local folder a choice beside the catalogue; only whoever starts the program can.

    Returns:
        The name to load it by.

    Raises:
        ModelUnavailableError: there is no model folder at `path`.
    """
    folder = Path(path).expanduser().resolve()
    if not (folder / "config.json").is_file():
        raise ModelUnavailableError(
            f"{path!r} is neither in the catalogue nor a model folder (it has no config.json): "
            f"give a folder, or one of {', '.join(CATALOGUE)}."
        )
    name = folder.name
    if name in CATALOGUE and _local.get(name) != folder:
        name = str(folder)
    _local[name] = folder
    CATALOGUE[name] = Entry(
        name,
        f"{folder.name} (local folder)",
        (),
        0,
        "see its card",
        "A folder given when the demo was started.",
    )
    return name


def choose_default() -> str:
    """`ZEROSHOT_MODEL` if set, else the reference model where it is cached already, else `embedded`.

    Raises:
        ModelUnavailableError: `ZEROSHOT_MODEL` names neither a catalogue entry nor a model folder.
    """
    wanted = os.environ.get("ZEROSHOT_MODEL", "").strip()
    if wanted:
        return wanted if wanted in CATALOGUE else register_local(wanted)
    return REFERENCE if is_cached(REFERENCE) else EMBEDDED


def load(name: str) -> LoadedModel:
    """Loads a model that is on this machine already; see `zeroshot.models.download` for one that is not.

    Raises:
        UnknownModelError: not in the catalogue and not registered.
        ModelUnavailableError: not downloaded yet.
        ModelFormatError: the files are damaged or are no NLI model.
    """
    entry = find_entry(name)
    folder = folder_of(entry)
    try:
        loaded = (_load_embedded if is_embedded_folder(folder) else _load_stock)(entry, folder)
    except ImportError as error:
        raise ModelUnavailableError(
            f"A package is missing that {name} needs ({str(error).strip().splitlines()[0]}): "
            "run `pip install -r requirements.txt`."
        ) from error
    except Exception as error:  # readers of damaged files raise whatever they stumble over
        if isinstance(error, MemoryError) or "allocate memory" in str(error):
            raise ModelUnavailableError(
                f"This machine has too little memory for {name}: choose a smaller model."
            ) from error
        raise ModelFormatError(
            f"The files of {name} cannot be read ({type(error).__name__}); they may be damaged: "
            f"{_remedy(entry, folder)}"
        ) from error
    find_classes(loaded.id2label)  # a model that is no NLI model is refused before anything is built on it
    return loaded


def folder_of(entry: Entry) -> Path:
    """Where the files of a model lie.

    Raises:
        ModelUnavailableError: they are not on this machine.
    """
    if entry.name == EMBEDDED:
        if not is_embedded_folder(EMBEDDED_FOLDER):
            raise ModelUnavailableError(
                "The embedded model's files are not there: get a complete copy of the repository."
            )
        return EMBEDDED_FOLDER
    if entry.name in _local:
        return _local[entry.name]
    folder = snapshot(entry.name)
    if folder is None:
        raise ModelUnavailableError(
            f"{entry.name} is not on this machine yet: choose it in the page, or run "
            f"`python -m zeroshot download {entry.name}` (about {entry.size_bytes / 10**9:.1f} GB)."
        )
    return folder


def _remedy(entry: Entry, folder: Path) -> str:
    if entry.is_remote:
        return (
            f"run `python -m zeroshot download {entry.name} --again`, or delete the folder {folder} "
            "and choose the model again."
        )
    return "replace them by a good copy."


def _id2label(source: Any) -> dict[int, str]:
    return {int(number): str(label) for number, label in (source.config.id2label or {}).items()}


def _load_embedded(entry: Entry, folder: Path) -> LoadedModel:
    model = EmbeddedModel(folder)
    return LoadedModel(entry, model, load_tokenizer(folder), _id2label(model), token_types=False)


def _load_stock(entry: Entry, folder: Path) -> LoadedModel:
    """With transformers' own loaders; code from a model's repository is never run."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    if not (folder / "tokenizer.json").is_file() and (folder / SENTENCEPIECE).is_file():
        for package in ("sentencepiece", "google.protobuf"):  # transformers would name a third one
            import_module(package)
    wrapper = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    tokenizer = wrapper.backend_tokenizer
    tokenizer.no_padding()
    tokenizer.no_truncation()
    model, report = AutoModelForSequenceClassification.from_pretrained(
        folder,
        local_files_only=True,
        trust_remote_code=False,
        use_safetensors=(folder / SAFETENSORS).is_file(),
        dtype=torch.float32,
        output_loading_info=True,
    )
    if report["missing_keys"]:  # transformers would go on with random weights in their place
        raise ValueError(f"weights are missing: {', '.join(sorted(report['missing_keys'])[:3])}")
    limit = wrapper.model_max_length
    return LoadedModel(
        entry,
        model.requires_grad_(False).eval(),
        tokenizer,
        _id2label(model),
        max_length=limit if 0 < limit < UNSTATED else None,
        token_types="token_type_ids" in wrapper.model_input_names,
    )
