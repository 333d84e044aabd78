"""The page as a whole: layout, then events; and how it is served."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from zeroshot.ui import events, layout, wording
from zeroshot.ui.answers import Answers
from zeroshot.ui.gallery import read_examples
from zeroshot.ui.model_events import connect_models
from zeroshot.ui.models import Models

if TYPE_CHECKING:
    from zeroshot.settings import Settings

_HERE = Path(__file__).parent
_STYLES = ("page.css", "chart.css", "gallery.css")
_SCRIPTS = ("form.js", "bars.js", "download.js", "connection.js")


def build_page(settings: Settings) -> gr.Blocks:
    """The page; its model begins to load when the page is served, not before.

    Raises:
        ZeroShotError: the model asked for at the start is neither in the catalogue nor a folder.
    """
    models = Models(settings)
    answers = Answers(settings, models)
    examples = read_examples(settings.examples)
    with gr.Blocks(title=wording.TITLE, analytics_enabled=False) as page:
        layout.header()
        with gr.Tab("Classify"):
            tab = layout.classify_tab(models, examples)
        with gr.Tab("Premise and hypothesis"):
            nli = layout.nli_tab()
        events.connect_typing(tab, answers)
        events.connect_runs(tab, answers)
        filled = events.connect_start(tab, page, answers)
        connect_models(tab, filled, models)
        events.connect_gallery(tab, examples)
        events.connect_nli(nli, tab.model, answers)
        events.connect_api(answers)
    page.queue(max_size=4 * settings.max_active, default_concurrency_limit=None)
    page.extra_startup_events.append(_loading(models))
    return page


def _loading(models: Models) -> Any:
    async def start() -> None:
        models.start()

    return start


def launch_options(settings: Settings) -> dict[str, Any]:
    """Arguments for `launch()`: looks, and all switched off that would leave the machine or keep a text."""
    return {
        "server_name": settings.host,
        "server_port": settings.port,
        "max_threads": 2 * settings.max_active,
        "theme": _theme(),
        "css_paths": [_HERE / name for name in _STYLES],
        "head": "".join(f"<script>{(_HERE / name).read_text('utf-8')}</script>" for name in _SCRIPTS),
        "footer_links": ["api", "settings"],
        "run_history": False,
        "ssr_mode": False,
        "pwa": False,
        "enable_monitoring": False,
        "show_error": False,  # sentences that are meant for visitors are shown all the same
    }


def _theme() -> gr.themes.Base:
    fonts = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif")
    mono = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace")
    return gr.themes.Base(
        primary_hue=gr.themes.colors.teal,
        neutral_hue=gr.themes.colors.slate,
        font=[gr.themes.Font(name) for name in fonts],
        font_mono=[gr.themes.Font(name) for name in mono],
        text_size=gr.themes.sizes.text_md,
        radius_size=gr.themes.sizes.radius_md,
    ).set(
        body_background_fill="var(--zs-ground)",
        body_background_fill_dark="var(--zs-ground)",
        body_text_color="var(--zs-ink)",
        body_text_color_dark="var(--zs-ink)",
        body_text_color_subdued="var(--zs-soft)",
        body_text_color_subdued_dark="var(--zs-soft)",
        block_background_fill="var(--zs-paper)",
        block_background_fill_dark="var(--zs-paper)",
        block_border_color="var(--zs-line)",
        block_border_color_dark="var(--zs-line)",
        block_label_text_color="var(--zs-soft)",
        block_label_text_color_dark="var(--zs-soft)",
        block_title_text_color="var(--zs-soft)",
        block_title_text_color_dark="var(--zs-soft)",
        input_background_fill="var(--zs-ground)",
        input_background_fill_dark="var(--zs-ground)",
        input_placeholder_color="var(--zs-soft)",
        input_placeholder_color_dark="var(--zs-soft)",
        input_border_color_focus="var(--zs-accent)",
        input_border_color_focus_dark="var(--zs-accent)",
        button_primary_background_fill="var(--zs-button)",
        button_primary_background_fill_dark="var(--zs-button)",
        button_primary_background_fill_hover="var(--zs-button-hover)",
        button_primary_background_fill_hover_dark="var(--zs-button-hover)",
        button_primary_text_color="white",
        button_primary_text_color_dark="white",
        color_accent="var(--zs-accent)",
        checkbox_background_color_selected="var(--zs-button)",
        checkbox_background_color_selected_dark="var(--zs-button)",
        checkbox_border_color="var(--zs-maybe)",
        checkbox_border_color_dark="var(--zs-maybe)",
    )
