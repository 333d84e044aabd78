from __future__ import annotations

from hypothesis import settings

# No deadline: a busy machine is no mistake of the code. The same examples on every run: a test that fails now
# and then helps nobody.
settings.register_profile("steady", deadline=None, derandomize=True, max_examples=150)
settings.load_profile("steady")
