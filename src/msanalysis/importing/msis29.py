"""Scores of MSIS-29 from the answers to its items, in either version.

The version is declared in the mapping, never guessed: an answer of 3 is in the middle of the first
version and near the end of the second.
"""

import polars as pl

ITEMS = {"msis29_physical": 20, "msis29_psychological": 9}
"""Score -> how many items it is made of: 1 to 20, and 21 to 29."""
HIGHEST_ANSWER = {1: 5, 2: 4}
"""Version -> its highest answer; the lowest is 1."""
NOT_OF_VERSION = "an answer that its version does not have"


def score_items(
    items: pl.DataFrame, version: int, least_answered: float
) -> tuple[pl.Series, pl.Series]:
    """Return the score of each row, and whether the row holds an answer the version lacks.

    Parameters
    ----------
    items
        One column of texts an item; a missing answer is null.
    version
        1 (answers 1 to 5) or 2 (1 to 4).
    least_answered
        Share of the items that must be answered for a score. A missing answer then counts as the
        mean of the others.

    Notes
    -----
    100 (mean - 1) / (highest - 1): for a whole answer in version 1, 100 (sum - 20) / 80 physical
    and 100 (sum - 9) / 36 psychological; in version 2 with 60 and 27 below the line.
    """
    highest = HIGHEST_ANSWER[version]
    of_version = {str(answer): float(answer) for answer in range(1, highest + 1)}
    whole = pl.all().str.extract(r"^(\d+)([.,]0+)?$")
    answers = items.select(whole.replace_strict(of_version, default=None))
    n_given, n_answered = (
        each.select(pl.sum_horizontal(pl.all().is_not_null())).to_series()
        for each in (items, answers)
    )
    score = 100 * (answers.mean_horizontal() - 1) / (highest - 1)
    counts = (n_answered == n_given) & (n_answered >= least_answered * items.width)
    return score.set(~counts, None), n_answered < n_given
