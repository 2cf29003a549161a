"""Programmes over numbers of persons, against scipy's."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csc_array

from msanalysis.release.programme import are_whole, solve, solve_whole

PAIRS = csc_array([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0], [1.0, 0.0, 1.0]])
"""Three cells, each two of which are counted together."""


def at_most(most: float, cells: int) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros(cells), np.full(cells, most)


def test_nobody_is_divided_where_that_would_be_cheaper():
    """Of three pairs of at most 3 persons each, 1.5 in each cell would make 4.5; whole, 4."""
    largest, pairs, cells = -np.ones(3), at_most(3, 3), at_most(9, 3)
    assert not are_whole(solve(largest, PAIRS, pairs, cells))
    assert solve_whole(largest, PAIRS, pairs, cells).sum() == 4


def test_no_persons_make_three_pairs_of_three():
    three = (np.full(3, 3.0), np.full(3, 3.0))
    assert solve_whole(np.ones(3), PAIRS, three, at_most(9, 3)) is None


@settings(deadline=None)
@given(
    signs=arrays.arrays(np.int8, (4, 6), elements=st.integers(-1, 1)),
    somebody=arrays.arrays(np.int8, 6, elements=st.integers(0, 20)),
    cost=arrays.arrays(np.int8, 6, elements=st.integers(-3, 3)),
)
def test_the_cheapest_whole_numbers_are_those_of_scipy(signs, somebody, cost):
    rest = (signs @ somebody.astype(int)).astype(float)
    found = solve_whole(
        cost.astype(float), csc_array(signs.astype(float)), (rest, rest), at_most(50, 6)
    )
    same = milp(
        cost,
        integrality=np.ones(6),
        bounds=Bounds(0, 50),
        constraints=LinearConstraint(signs, rest, rest),
    )
    assert (signs @ found == rest).all()
    assert found @ cost == round(same.fun)
