"""Property tests draw the same examples every time, and the first one may wait for scipy."""

from hypothesis import settings

settings.register_profile("stats", deadline=None, derandomize=True)
settings.load_profile("stats")
