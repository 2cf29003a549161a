"""How exactly numbers leave."""

import pandas as pd

DECIMALS = 4


def rounded(frame: pd.DataFrame) -> pd.DataFrame:
    """Round estimates to 4 decimals and days to whole days; counts become nullable integers."""
    shown = frame.reset_index(drop=True).copy()
    for name in shown.columns:
        column = shown[name]
        if name.endswith("_days"):
            shown[name] = column.round().astype("Int64")
        elif pd.api.types.is_float_dtype(column):
            shown[name] = column.round(DECIMALS)
        elif pd.api.types.is_integer_dtype(column):
            shown[name] = column.astype("Int64")
        else:
            shown[name] = column.astype(object)
    return shown
