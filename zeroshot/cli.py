"""The command line: ``python -m zeroshot classify "text" --labels a,b,c``.

Results go to standard output, everything else to standard error, one sentence a problem. Exit codes: 0 done,
1 it could not be done (no model, broken file...), 2 the call or its input is wrong, or ``verify`` has no
reference model; 130 and 141 after Ctrl-C and a closed pipe, as shells expect.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zeroshot.errors import InputError, ModelUnavailableError, TextError, UnknownModelError, ZeroShotError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zeroshot.pipeline import ZeroShotPipeline
    from zeroshot.results import Classification

OK, FAILURE, USAGE, INTERRUPTED, CLOSED_PIPE = 0, 1, 2, 130, 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # texts in fifteen languages, whatever the terminal's locale says
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    # transformers' progress bars would be noise among the messages
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
        sys.stdout.flush()
    except (InputError, UnknownModelError) as error:
        return _complain(str(error), USAGE)
    except ZeroShotError as error:
        return _complain(str(error), FAILURE)
    except BrokenPipeError:
        # The reader has gone (`| head`); Python would complain again when it flushes on exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED_PIPE
    except KeyboardInterrupt:
        return INTERRUPTED
    except OSError as error:
        return _complain(f"{error.strerror or error}: {error.filename or 'input or output'}", FAILURE)
    return code


def _complain(message: str, code: int) -> int:
    print(f"zeroshot: {message}", file=sys.stderr)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m zeroshot",
        description="Sort any text into any labels, in any language, with no training.",
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    model = argparse.ArgumentParser(add_help=False)
    model.add_argument(
        "--model", metavar="NAME|PATH", help="catalogue name or local folder (default: the best here)"
    )
    model.add_argument("--device", choices=("cuda", "mps", "cpu"), help="default: the best there is")
    model.add_argument("--precision", choices=("auto", "float32", "bfloat16", "int8"), default="auto")
    as_json = argparse.ArgumentParser(add_help=False)
    as_json.add_argument("--json", action="store_true", help="print JSON")

    classify = commands.add_parser("classify", parents=[model, as_json], help="which labels fit a text")
    classify.add_argument("text", nargs="?", help="the text; standard input when it is not given, or is -")
    classify.add_argument("--labels", required=True, metavar="A,B,C", help="the candidate labels")
    classify.add_argument(
        "--template", metavar="TEXT", help="a sentence with {} in it (default: by the language)"
    )
    classify.add_argument("--multi-label", action="store_true", help="more than one label may be true")
    classify.add_argument(
        "--windows", action="store_true", help="read long texts whole, in overlapping windows"
    )
    classify.add_argument("--lines", action="store_true", help="every line of standard input is a text")
    classify.set_defaults(run=_classify)

    nli = commands.add_parser("nli", parents=[model, as_json], help="does a hypothesis follow from a premise")
    nli.add_argument("premise")
    nli.add_argument("hypothesis")
    nli.set_defaults(run=_nli)

    detect = commands.add_parser("detect", parents=[as_json], help="the language of a text, and its template")
    detect.add_argument("text", nargs="?", help="the text; standard input when it is not given, or is -")
    detect.set_defaults(run=_detect)

    models = commands.add_parser("models", parents=[as_json], help="which models there are")
    models.set_defaults(run=_models)

    download = commands.add_parser("download", help="fetch a model of the catalogue")
    download.add_argument("name")
    download.add_argument(
        "--again", action="store_true", help="check every file and fetch the damaged ones anew"
    )
    download.set_defaults(run=_download)

    verify = commands.add_parser("verify", help="compare the reference model with the scores on its card")
    verify.add_argument("--device", choices=("cuda", "mps", "cpu"), help="default: the best there is")
    verify.set_defaults(run=_verify)

    export = commands.add_parser("export", help="write a model as a plain Hugging Face folder")
    export.add_argument("folder", help="a new or empty folder")
    export.add_argument("--model", default="embedded", metavar="NAME")
    export.set_defaults(run=_export)
    return parser


def _pipeline(options: argparse.Namespace) -> ZeroShotPipeline:
    from zeroshot.models.catalogue import CATALOGUE
    from zeroshot.models.loading import register_local
    from zeroshot.pipeline import get_pipeline

    name = options.model
    if name is not None and name not in CATALOGUE:
        if not Path(name).is_dir():
            raise UnknownModelError(
                f"There is no model or folder “{name[:80]}”: give a folder, or one of {', '.join(CATALOGUE)}."
            )
        name = register_local(name)
    return get_pipeline(name, options.device, options.precision)


def _classify(options: argparse.Namespace) -> int:
    from zeroshot.labels import parse_labels
    from zeroshot.templates import check_template

    labels = parse_labels(options.labels)  # what is wrong with the call is said before a model is loaded
    if options.template is not None:
        check_template(options.template)
    if options.lines and options.text is not None:
        raise TextError("With --lines the texts come from standard input: leave the text out.")
    texts: Iterator[str] = _lines() if options.lines else iter([_text(options)])
    pipeline = None
    for template, group in groupby(texts, key=lambda text: options.template or _suggested(text)):
        pipeline = pipeline or _pipeline(options)
        results = pipeline.stream(group, labels, template, options.multi_label, windows=options.windows)
        for result in results:
            _show(result, options)
    return OK


def _suggested(text: str) -> str:
    from zeroshot.detection import detect_language
    from zeroshot.templates import suggest_template

    found = detect_language(text)
    return suggest_template(found.code if found else None)


def _show(result: Classification, options: argparse.Namespace) -> None:
    if options.json:
        fields = ("multi_label", "hypothesis_template", "model", "tokens", "tokens_read")
        print(json.dumps({**result.to_dict(), **{k: getattr(result, k) for k in fields}}, ensure_ascii=False))
    elif options.lines:
        print(result.labels[0], f"{result.scores[0]:.4f}", " ".join(result.sequence.split()), sep="\t")
    else:
        for label, score in zip(result.labels, result.scores, strict=True):
            print(f"{100 * score:5.1f} %  {label}")
    if result.truncated:
        read = f"{result.tokens_read:,} of {result.tokens:,} tokens"
        _complain(f"Only the first {read} were read: --windows reads all.", OK)
    if result.no_label_fits and not options.lines:
        _complain("No label really fits: the model rather denies each of them.", OK)


def _nli(options: argparse.Namespace) -> int:
    scores = _pipeline(options).nli(options.premise, options.hypothesis)
    if options.json:
        print(
            json.dumps(
                {"premise": options.premise, "hypothesis": options.hypothesis, **scores}, ensure_ascii=False
            )
        )
    else:
        for name, score in scores.items():
            print(f"{100 * score:5.1f} %  {name}")
    return OK


def _detect(options: argparse.Namespace) -> int:
    from zeroshot.detection import detect_language
    from zeroshot.languages import LANGUAGES
    from zeroshot.templates import suggest_template

    found = detect_language(_text(options))
    template = suggest_template(found.code) if found else None
    if options.json:
        code, confidence = found or (None, None)
        print(json.dumps({"code": code, "confidence": confidence, "template": template}, ensure_ascii=False))
    elif found:
        language = LANGUAGES[found.code]
        print(f"{found.code}\t{language.name}\t{found.confidence:.2f}\t{template}")
    else:
        return _complain(
            "The language cannot be told: the text is too short, or in none of the fifteen.", FAILURE
        )
    return OK


def _models(options: argparse.Namespace) -> int:
    from zeroshot.models.cache import is_cached
    from zeroshot.models.catalogue import CATALOGUE

    rows: list[dict[str, Any]] = [
        {
            "name": entry.name,
            "here": not entry.is_remote or is_cached(entry.name),
            "size_bytes": entry.size_bytes,
            "languages": list(entry.languages),
            "licence": entry.licence,
            "when": entry.when,
        }
        for entry in CATALOGUE.values()
    ]
    if options.json:
        print(json.dumps(rows, ensure_ascii=False))
        return OK
    for row in rows:
        where = "here" if row["here"] else f"{row['size_bytes'] / 1e9:.1f} GB to download"
        languages = "English only" if row["languages"] == ["en"] else f"{len(row['languages'])} languages"
        print(f"{row['name']}\n    {where}; {languages}; licence: {row['licence']}\n    {row['when']}")
    return OK


def _download(options: argparse.Namespace) -> int:
    import time

    from zeroshot.models.download import start

    download = start(options.name, again=options.again)
    while download.state == "running":
        if sys.stderr.isatty():
            done, total = download.done_bytes / 1e6, max(download.total_bytes, 1) / 1e6
            print(f"\r{done:,.0f} of {total:,.0f} MB", end="", file=sys.stderr, flush=True)
        time.sleep(0.2)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    if download.error:
        raise ModelUnavailableError(download.error)
    return OK


def _verify(options: argparse.Namespace) -> int:
    from zeroshot.models import verify
    from zeroshot.pipeline import get_pipeline

    try:
        pipeline = get_pipeline(verify.REFERENCE, options.device, "float32")
    except ModelUnavailableError as error:
        return _complain(f"The reference model cannot be verified here. {error}", USAGE)

    def classify(text: str, labels: list[str], template: str) -> dict[str, float]:
        result = pipeline(text, labels, template)
        return dict(zip(result.labels, result.scores, strict=True))

    checks = verify.run(classify)
    for check in checks:
        print(f"{check.example.text}   {check.template}   {'agrees' if check.passed else 'differs'}")
        for label, printed in check.example.scores.items():
            print(f"    {label}: {check.scores[label]:.5f}, on the card {printed:.5f}")
    return OK if verify.agrees(checks) else FAILURE


def _export(options: argparse.Namespace) -> int:
    from zeroshot.models.export import export

    print(export(options.model, options.folder))
    return OK


def _text(options: argparse.Namespace) -> str:
    """The text of the command line, or all of standard input."""
    if options.text not in {None, "-"}:
        return str(options.text)
    if sys.stdin.isatty():
        print("Type the text, then Ctrl-D on a line of its own.", file=sys.stderr)
    return _decode(sys.stdin.buffer.read()).strip()


def _lines() -> Iterator[str]:
    """The lines of standard input that are not blank, one at a time."""
    for line in sys.stdin.buffer:
        text = _decode(line).strip()
        if text:
            yield text


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise TextError("The input is not UTF-8: convert it first, for example with iconv.") from None
