"""The calls that give what is on screen: ours, transformers' own, curl and JavaScript.

Texts become literals of each language with invisible characters escaped: what is copied is what was judged.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from zeroshot.models.catalogue import EMBEDDED

LONGEST = 4000
"""Characters of a text that is written into the code; a longer one is read from a file there."""
FILE = "text.txt"


@dataclass(frozen=True)
class Query:
    """One classification as the form has it. `text` None: it is too long to be written into code."""

    text: str | None
    labels: list[str]
    template: str
    multi_label: bool
    model: str


def _unseen(character: str) -> bool:
    return (
        unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
        and character not in "\u200c\u200d"
    )


def json_literal(value: object) -> str:
    """JSON, which is JavaScript too, with characters that cannot be seen escaped."""
    written = json.dumps(value, ensure_ascii=False)
    return "".join(json.dumps(c)[1:-1] if _unseen(c) else c for c in written)


def python_literal(value: str | list[str]) -> str:
    """A Python literal; as in JSON, except for characters that take two units of UTF-16 there."""
    if isinstance(value, str):
        return json_literal(value) if all(ord(c) < 0x10000 for c in value) else repr(value)
    return f"[{', '.join(map(python_literal, value))}]"


def shell_literal(value: str) -> str:
    """One word of a POSIX shell."""
    return "'" + value.replace("'", "'\\''") + "'"


def _python_text(query: Query) -> str:
    return f'open("{FILE}", encoding="utf-8").read()' if query.text is None else python_literal(query.text)


def python_ours(query: Query) -> str:
    """With this package."""
    return f"""from zeroshot import get_pipeline

classify = get_pipeline({python_literal(query.model)})
result = classify(
    {_python_text(query)},
    {python_literal(query.labels)},
    hypothesis_template={python_literal(query.template)},
    multi_label={query.multi_label},
)
for label, score in zip(result.labels, result.scores):
    print(f"{{score:.5f}}  {{label}}")
"""


def python_transformers(query: Query) -> str:
    """With transformers' own pipeline, on the same weights in float32."""
    if query.model == EMBEDDED:
        imports = """from transformers import AutoTokenizer, pipeline
from zeroshot.models.embedded_format import EMBEDDED_FOLDER, load_embedded

"""
        classifier = """model, _ = load_embedded()  # this repository's weights as a stock model
tokenizer = AutoTokenizer.from_pretrained(EMBEDDED_FOLDER)
classify = pipeline("zero-shot-classification", model=model, tokenizer=tokenizer)"""
    else:
        imports = "from transformers import pipeline\n\n"
        classifier = f'classify = pipeline("zero-shot-classification", model={python_literal(query.model)})'
    return f"""{imports}{classifier}
result = classify(
    {_python_text(query)},
    candidate_labels={python_literal(query.labels)},
    hypothesis_template={python_literal(query.template)},
    multi_label={query.multi_label},
)
for label, score in zip(result["labels"], result["scores"]):
    print(f"{{score:.5f}}  {{label}}")
"""


def _body(query: Query) -> dict[str, object]:
    return {
        "candidate_labels": query.labels,
        "hypothesis_template": query.template,
        "multi_label": query.multi_label,
        "model": query.model,
    }


def curl(query: Query, address: str) -> str:
    """Two requests: ask, then wait. `address` is the page's own, without a slash at its end."""
    url = f"{address}/gradio_api/call/v2/classify"
    if query.text is None:
        rest = json_literal(_body(query))[1:]
        send = (
            f"""{{ printf '{{"text": '; """
            f"""python3 -c 'import json; print(json.dumps(open("{FILE}", encoding="utf-8").read()))'; """
            f"printf '%s' {shell_literal(', ' + rest)}; }} > body.json\n"
        )
        data = "@body.json"
    else:
        send = ""
        data = shell_literal(json_literal({"text": query.text, **_body(query)}))
    return f"""{send}EVENT=$(curl -s {url} \\
  -H 'Content-Type: application/json' \\
  --data-binary {data} | sed 's/.*"event_id":"\\([^"]*\\)".*/\\1/')
curl -sN {url}/$EVENT
"""


def javascript(query: Query, address: str) -> str:
    """With the client library that Gradio publishes for browsers and Node."""
    text = json_literal(query.text)
    read = ""
    if query.text is None:
        read, text = 'import { readFile } from "node:fs/promises";\n', f'await readFile("{FILE}", "utf-8")'
    lines = [
        f"  text: {text},",
        *(f"  {name}: {json_literal(value)}," for name, value in _body(query).items()),
    ]
    body = "\n".join(lines)
    return f"""import {{ Client }} from "@gradio/client";
{read}
const app = await Client.connect({json_literal(address)});
const {{ data }} = await app.predict("/classify", {{
{body}
}});
console.log(data[0].labels, data[0].scores);
"""


LANGUAGES: tuple[tuple[str, str, Callable[[Query, str], str]], ...] = (
    ("python", "Python", lambda query, _: python_ours(query)),
    ("transformers", "Python, transformers", lambda query, _: python_transformers(query)),
    ("curl", "curl", curl),
    ("javascript", "JavaScript", javascript),
)
"""Id, name on its tab, and how it is written."""


def panel(query: Query, address: str) -> str:
    """The four calls behind tabs; the browser's side turns the tabs."""
    if not query.labels:
        return '<p class="zs-help">Give a text and labels: the code for exactly that appears here.</p>'
    tabs, panes = [], []
    for i, (key, name, write) in enumerate(LANGUAGES):
        shown = i == 0
        tabs.append(
            f'<button type="button" role="tab" id="zs-tab-{key}" aria-controls="zs-code-{key}" '
            f'aria-selected="{"true" if shown else "false"}" tabindex="{0 if shown else -1}">{name}</button>'
        )
        panes.append(
            f'<div role="tabpanel" id="zs-code-{key}" aria-labelledby="zs-tab-{key}"'
            f"{'' if shown else ' hidden'}>"
            f'<button type="button" class="zs-button zs-copy" data-copy-code>Copy</button>'
            f'<pre tabindex="0" dir="ltr"><code>{escape(write(query, address))}</code></pre></div>'
        )
    note = (
        f'<p class="zs-help">The text is long: the code reads it from <code>{FILE}</code>.</p>'
        if query.text is None
        else ""
    )
    return (
        f'<div class="zs-code"><div role="tablist" aria-label="Language of the code">{"".join(tabs)}</div>'
        f"{''.join(panes)}{note}</div>"
    )
