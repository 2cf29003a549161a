"""Flows: persons in small flows are put in a state `pooled`, and stay in the sums of every column.

A person's state on a day is recoded for the step that leads to it and the step that leaves it
alike, so that whoever enters a state leaves it, and every column holds the whole cohort.
"""

import numpy as np
import pandas as pd

from msanalysis.core import Box, Counted, Result
from msanalysis.release.cells import key_of
from msanalysis.release.plan import planned
from msanalysis.release.policy import Policy

POOLED = "pooled"
_Flow = tuple[int, int, int]
"""A step (the column it starts from), the source, and the target."""


def protect_flow(result: Result, policy: Policy) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the flows, pooled until none holds few persons; nothing in them is hidden."""
    ways = result.frame.drop(columns="n")
    names = [*dict.fromkeys(name for column in ways for name in ways[column].cat.categories)]
    place = {name: number for number, name in enumerate(name for name in names if name != POOLED)}
    names = [*place, POOLED]
    places = [[place.get(state, len(place)) for state in ways[column]] for column in ways]
    states = np.array(places, dtype=int).reshape(ways.shape[1], len(ways)).T
    n = result.frame["n"].to_numpy()
    if n.sum() < policy.threshold:
        states, n = states[:0], n[:0]
    frame = _table(_pooled(states, n, len(place), policy.threshold), n, names)
    if _in_plan(result, frame):
        frame = frame[:0]
    return frame, pd.DataFrame(False, index=frame.index, columns=frame.columns)


def _in_plan(result: Result, frame: pd.DataFrame) -> bool:
    """Return whether the run's plan hides the flows: all of them, since they add up to everyone."""
    keys = planned()
    if not keys or result.counted is None:
        return False
    size = key_of(result.counted.base, result.counted.fixed)
    boxes = flow_boxes(frame, result.counted)
    return bool(keys & {size, *(key_of(result.counted.base, box) for box in boxes)})


def flow_boxes(frame: pd.DataFrame, counted: Counted | None) -> tuple[Box, ...]:
    """Return the states that restrict each flow.

    Where persons are pooled, a state is no more that of the cohort: its dimension is another.
    """
    if counted is None:
        return ()
    pooled = " pooled" if POOLED in {*frame["source"], *frame["target"]} else ""
    names = [f"{name}{pooled}" for name in counted.columns["source"]]
    return tuple(
        {**counted.fixed, names[step - 1]: (source,), names[step]: (target,)}
        for step, source, target in frame[["step", "source", "target"]].itertuples(index=False)
    )


def _pooled(states: np.ndarray, n: np.ndarray, pooled: int, threshold: int) -> np.ndarray:
    """Recode states to `pooled` until no flow is small.

    First the targets of small flows, along time: small flows out of one state join. Then the
    sources of what is still small, against time. Where pooled to pooled is all that is small, the
    smallest other flow of that step joins it. Each round pools someone, so it ends.
    """
    states = states.copy()
    while True:
        flows = _flows(states, n)
        small = [flow for flow, persons in flows.items() if persons < threshold]
        if not small:
            return states
        to_pool = [flow for flow in small if flow[2] != pooled]
        from_pooled = [flow for flow in small if flow[1] != pooled]
        if to_pool:
            _recode(states, [flow for flow in to_pool if flow[0] == to_pool[0][0]], (1,), pooled)
        elif from_pooled:
            last = from_pooled[-1][0]
            _recode(states, [flow for flow in from_pooled if flow[0] == last], (0,), pooled)
        else:
            step = small[0][0]
            others = [flow for flow in flows if flow[0] == step and flow != small[0]]
            _recode(states, [min(others, key=lambda flow: (flows[flow], flow))], (0, 1), pooled)


def _flows(states: np.ndarray, n: np.ndarray) -> dict[_Flow, int]:
    """Return persons by flow, in order of step, source and target."""
    flows: dict[_Flow, int] = {}
    for step in range(states.shape[1] - 1):
        ends, flow = np.unique(states[:, step : step + 2], axis=0, return_inverse=True)
        persons = np.bincount(flow.ravel(), weights=n, minlength=len(ends))
        for (source, target), count in zip(ends, persons, strict=True):
            flows[step, int(source), int(target)] = int(count)
    return flows


def _recode(states: np.ndarray, flows: list[_Flow], ends: tuple[int, ...], pooled: int) -> None:
    """Pool the persons of these flows (all of one step) at their source (0), target (1), or both.

    Who is on the flows is looked up before anything is recoded.
    """
    step = flows[0][0]
    pairs = {flow[1:] for flow in flows}
    on = [pair in pairs for pair in map(tuple, states[:, step : step + 2].tolist())]
    for end in ends:
        states[on, step + end] = pooled


def _table(states: np.ndarray, n: np.ndarray, names: list[str]) -> pd.DataFrame:
    rows = [
        (step + 1, names[source], names[target], persons)
        for (step, source, target), persons in _flows(states, n).items()
    ]
    frame = pd.DataFrame(rows, columns=["step", "source", "target", "n"]).astype({"n": "int64"})
    sources = frame.groupby(["step", "source"], sort=False)["n"].transform("sum")
    return frame.assign(share_of_source=frame["n"] / sources)
