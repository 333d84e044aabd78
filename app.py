"""The entry: settings, page, launch. Run by `python app.py`, `gradio app.py` and Hugging Face Spaces."""

from __future__ import annotations

import os
import sys

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

from zeroshot.errors import ZeroShotError
from zeroshot.settings import read_settings
from zeroshot.ui.page import build_page, launch_options

settings = read_settings(sys.argv[1:] if __name__ == "__main__" else ())
try:
    demo = build_page(settings)
except ZeroShotError as error:  # a model that is not there: its sentence is enough
    sys.exit(f"app.py: {error}")

if __name__ == "__main__":
    demo.launch(**launch_options(settings))
