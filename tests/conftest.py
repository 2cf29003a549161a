"""What all tests share."""

from hypothesis import settings

# The same examples every time, and no clock: a slow machine is no failure.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")
