"""Linear programmes over numbers of persons, solved by HiGHS."""

import highspy
import numpy as np
from scipy.sparse import csc_array

Bounds = tuple[np.ndarray, np.ndarray]
"""The least and the most that each row, or each column, can be."""

SOME = 1e-6
"""More than rounding makes of a number."""


def solve(cost: np.ndarray, matrix: csc_array, rows: Bounds, columns: Bounds) -> np.ndarray | None:
    """Return the numbers that cost least; None where none are possible."""
    return _solution(_programme(cost, matrix, rows, columns))


def solve_whole(
    cost: np.ndarray, matrix: csc_array, rows: Bounds, columns: Bounds
) -> np.ndarray | None:
    """Return the whole numbers that cost least; None where none are possible.

    Sums of persons seldom need more than the linear programme, which is far quicker.
    """
    return _whole_solution(_programme(cost, matrix, rows, columns))


class Room:
    """The whole numbers that are possible, of which the extremes can be asked one by one."""

    def __init__(self, matrix: csc_array, rows: Bounds, columns: Bounds) -> None:
        self._n = matrix.shape[1]
        self._programme = _programme(np.zeros(self._n), matrix, rows, columns)

    def extreme(self, place: int, sign: int) -> np.ndarray | None:
        """Return the numbers of which one is largest (-1) or smallest (1); None: none possible.

        The solver goes on from where the last question left it.
        """
        self._programme.changeColCost(place, float(sign))
        numbers = _whole_solution(self._programme)
        self._programme.changeColCost(place, 0.0)
        return numbers


def _whole_solution(programme: highspy.Highs) -> np.ndarray | None:
    numbers = _solution(programme)
    if numbers is not None and not are_whole(numbers):
        n = len(numbers)
        every, kind = np.arange(n, dtype=np.int32), highspy.HighsVarType
        programme.setOptionValue("presolve", "on")  # without, whole numbers may take very long
        programme.changeColsIntegrality(n, every, np.full(n, kind.kInteger))
        numbers = _solution(programme)
        programme.setOptionValue("presolve", "off")
        programme.changeColsIntegrality(n, every, np.full(n, kind.kContinuous))
    return None if numbers is None else np.rint(numbers).astype(int)


def are_whole(numbers: np.ndarray) -> bool:
    """Return whether no number is a part of a person."""
    return bool((np.abs(numbers - np.rint(numbers)) <= SOME).all())


def _programme(cost: np.ndarray, matrix: csc_array, rows: Bounds, columns: Bounds) -> highspy.Highs:
    programme = highspy.HighsLp()
    programme.num_row_, programme.num_col_ = matrix.shape
    programme.col_cost_ = cost
    programme.row_lower_, programme.row_upper_ = rows
    programme.col_lower_, programme.col_upper_ = columns
    programme.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    programme.a_matrix_.start_ = matrix.indptr
    programme.a_matrix_.index_ = matrix.indices
    programme.a_matrix_.value_ = matrix.data
    solver = highspy.Highs()
    solver.silent()
    solver.setOptionValue("presolve", "off")  # takes longer than it saves on a few hundred cells
    solver.passModel(programme)
    return solver


def _solution(programme: highspy.Highs) -> np.ndarray | None:
    programme.run()
    if programme.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    return np.array(programme.getSolution().col_value)
