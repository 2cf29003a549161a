"""Invented follow-up for identities that must hold for any persons, ties and all."""

import pandas as pd
from hypothesis import strategies as st

REASONS = ["death", "stop", "cutoff"]


def frames(min_size: int = 1) -> st.SearchStrategy[pd.DataFrame]:
    """Draw persons followed from time zero, many on the same days."""
    person = st.tuples(st.integers(1, 12), st.sampled_from(REASONS), st.sampled_from("abc"))
    columns = ["follow_up_days", "end_reason", "group"]
    return st.lists(person, min_size=min_size, max_size=40).map(
        lambda rows: pd.DataFrame(rows, columns=columns)
    )


def frames_with_entry(min_size: int = 1) -> st.SearchStrategy[pd.DataFrame]:
    """Draw persons who come under observation before or after others have left."""
    entered = st.lists(st.integers(0, 11), min_size=40, max_size=40)
    return st.tuples(frames(min_size), entered).map(lambda drawn: _enter(*drawn))


def _enter(frame: pd.DataFrame, entered: list[int]) -> pd.DataFrame:
    entry = pd.Series(entered[: len(frame)])
    return frame.assign(entry_days=entry % frame["follow_up_days"])
