"""``python -m zeroshot``: the command line."""

from __future__ import annotations

import sys

from zeroshot.cli import main

sys.exit(main())
