"""Linear regression of several scores, each covariate alone and all together (by statsmodels)."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.stats import kurtosis, skew
from statsmodels.stats.diagnostic import het_breuschpagan

from msanalysis.core import statistic
from msanalysis.intervals import check_level
from msanalysis.stats.boxes import read_scores
from msanalysis.stats.linear import Design, can_be_fitted, read_design
from msanalysis.stats.strata import smallest_level, stack

_FIT = ("coefficient", "lower", "upper", "p_value")
BEHIND = {"n_smallest_level": "int64", "residual_degrees": "int64"}
TERMS = {
    **dict.fromkeys(("score", "model", "covariate", "level"), "object"),
    "n": "int64",
    **dict.fromkeys(_FIT, "float64"),
    **BEHIND,
}
_QUALITY = ("r_squared", "residual_sd", "skewness", "excess_kurtosis", "p_equal_variance")
_CHECK = {"score": "object", "n": "int64", **dict.fromkeys(_QUALITY, "float64"), **BEHIND}


@statistic(
    shape="table",
    counts={"n": _FIT},
    columns={"level": "covariate"},
    cells={"n": ("level",)},
    behind=dict.fromkeys(BEHIND, _FIT),
)
def estimate_regression(
    frame: pd.DataFrame,
    *,
    scores: Sequence[str],
    covariates: Sequence[str],
    level: float = 0.95,
) -> pd.DataFrame:
    """Estimate how the mean of each score differs with each covariate, alone and adjusted.

    Parameters
    ----------
    scores
        Columns of numbers that every row has.
    covariates
        Columns; a number is one term (difference per unit), any other column a term for each
        level but the most common, which is the reference.
    level
        Of the interval by Student's t.

    Returns
    -------
    Result
        For each score and `model` (univariable: the covariate alone; multivariable: all
        together) a row a term: `score`, `model`, `covariate`, `level` (`all` of a number), `n` of
        the level, `coefficient`, `lower`, `upper`, `p_value`; the reference has none. The gate
        reads `n_smallest_level` and `residual_degrees` (rows less terms).

    Raises
    ------
    ValueError
        A column is not there, or a number is missing for some; `level` is not between 0 and 1.

    Notes
    -----
    Least squares; the variance the same everywhere and the rows independent, so one a person:
    see `check_regression`, and `estimate_mixed_regression` for repeated answers.
    """
    check_level(level)
    models = [("univariable", [each]) for each in covariates] + [("multivariable", covariates)]
    designs = [(name, chosen, read_design(frame, chosen)) for name, chosen in models]
    fitted = [each for each in designs if can_be_fitted(each[-1].X)]
    parts = (
        {"score": score, "model": name, **_fitted(values, design, level), **_behind(frame, chosen)}
        for score, values in read_scores(frame, scores).items()
        for name, chosen, design in fitted
    )
    return stack(parts, TERMS)


def _fitted(values: np.ndarray, design: Design, level: float) -> dict[str, Any]:
    fit = sm.OLS(values, design.X).fit()
    told = np.column_stack([fit.params, fit.conf_int(alpha=1 - level), fit.pvalues])
    return {"residual_degrees": int(fit.df_resid), **by_term(design, told)}


def by_term(design: Design, told: np.ndarray) -> dict[str, Any]:
    """Return the terms with what is told of each column of the design: (columns, 4)."""
    with_reference = np.vstack([told, np.full(len(_FIT), np.nan)])
    named = design.terms.drop(columns="column")
    rows = with_reference[design.terms["column"]]
    return {
        **{name: named[name].to_numpy() for name in named},
        **dict(zip(_FIT, rows.T, strict=True)),
    }


def _behind(frame: pd.DataFrame, covariates: Sequence[str]) -> dict[str, int]:
    return {"n_smallest_level": smallest_level(frame, covariates)}


@statistic(
    shape="table",
    counts={"n": _QUALITY},
    cells={"n": ()},
    behind=dict.fromkeys(BEHIND, _QUALITY),
)
def check_regression(
    frame: pd.DataFrame, *, scores: Sequence[str], covariates: Sequence[str]
) -> pd.DataFrame:
    """Check what `estimate_regression` takes for granted, in the model of all covariates.

    Returns
    -------
    Result
        A row a score: `score`, `n`, `r_squared`, `residual_sd`, `skewness` and `excess_kurtosis`
        of the residuals (0 where they are normal), `p_equal_variance` (Breusch and Pagan's test
        as Koenker 1981: small where the variance follows the covariates), and for the gate what
        `estimate_regression` gives it.

    Raises
    ------
    ValueError
        As `estimate_regression`.

    Notes
    -----
    With thousands of rows a departure that changes nothing is significant; intervals of means
    bear it, predictions for a person do not.
    """
    design = read_design(frame, covariates)
    return stack(_checks(frame, scores, covariates, design), _CHECK)


def _checks(
    frame: pd.DataFrame, scores: Sequence[str], covariates: Sequence[str], design: Design
) -> Iterator[dict[str, Any]]:
    read = read_scores(frame, scores)
    for score, values in read.items() if can_be_fitted(design.X) else ():
        fit = sm.OLS(values, design.X).fit()
        yield {
            "score": score,
            "n": len(values),
            "r_squared": fit.rsquared,
            "residual_sd": np.sqrt(fit.mse_resid),
            "skewness": skew(fit.resid),
            "excess_kurtosis": kurtosis(fit.resid),
            "p_equal_variance": het_breuschpagan(fit.resid, design.X)[1],
            "residual_degrees": int(fit.df_resid),
            **_behind(frame, covariates),
        }
