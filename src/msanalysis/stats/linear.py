"""The design of a linear model, from columns of numbers and of levels."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from msanalysis.core import ALL
from msanalysis.stats.risk_set import require_column
from msanalysis.stats.strata import has_levels, split_rows

_TERMS = {"covariate": "object", "level": "object", "n": "int64", "column": "int64"}


@dataclass(frozen=True)
class Design:
    """The terms of a model.

    Attributes
    ----------
    terms
        One row a number or a level: `covariate`, `level` (`all` of a number), `n`, and its
        `column` of `X`; the reference, the largest level, comes first and has none (-1).
    X
        (rows, columns), the first of ones.
    """

    terms: pd.DataFrame
    X: np.ndarray


def read_design(frame: pd.DataFrame, covariates: Sequence[str]) -> Design:
    """Return the design: a number is one term, a column of levels one each but the largest.

    Raises ValueError where a number is missing for some; a missing code is the level `missing`.
    """
    terms, columns = [], [np.ones(len(frame))]
    for covariate in covariates:
        for level, values in _members(frame, covariate):
            is_reference = level != ALL and (not terms or terms[-1]["covariate"] != covariate)
            n = len(frame) if level == ALL else int(values.sum())
            place = -1 if is_reference else len(columns)
            terms.append({"covariate": covariate, "level": level, "n": n, "column": place})
            columns += [] if is_reference else [values.astype(float)]
    return Design(pd.DataFrame(terms, columns=[*_TERMS]).astype(_TERMS), np.column_stack(columns))


def _members(frame: pd.DataFrame, covariate: str) -> list[tuple[str, np.ndarray]]:
    values = require_column(frame, covariate, "the model")
    if has_levels(values):
        # The most common level is the reference: the others are held against many.
        return sorted(split_rows(frame, covariate), key=lambda level: -level[1].sum())
    if values.isna().any():
        raise ValueError(f"{covariate} is missing for some: the cohort must exclude and count them")
    return [(ALL, values.to_numpy(dtype=float))]


def can_be_fitted(X: np.ndarray) -> bool:
    """Return whether there are more rows than terms, and the rows tell every term from the others.

    Where two terms always go together their coefficients are any that add up.
    """
    n_rows, n_terms = X.shape
    return n_rows > n_terms and int(np.linalg.matrix_rank(X)) == n_terms
