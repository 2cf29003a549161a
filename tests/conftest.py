"""What all tests share."""

import gc
import os

from hypothesis import settings

# A process a core: threads of several get in each other's way. Polars reads this when imported.
for threads in ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(threads, "1")
# As in the kernels of a run: to look for unused objects takes a fifth of the gate's time.
gc.set_threshold(50_000, 20, 20)

# The same examples every time, and no clock: a slow machine is no failure.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")
