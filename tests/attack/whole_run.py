"""Everything that a policy promises of one run, held against what its files tell."""

from attack.attacker import Leak, find_leaks
from attack.knowledge import learn
from attack.read import Run, without
from attack.rules import QUOTAS, RULES


def leaks(run: Run) -> list[Leak]:
    """Return the numbers of persons that come back of a run although the policy hides them.

    Where quotas are printed, a numerator and its denominator may tell how few it leaves; nothing
    else may, so that the run is read once more without any numerator.
    """
    rules = RULES[run.policy]
    if not rules.quotas_printed:
        return find_leaks(learn(run), rules.threshold)
    hidden = find_leaks(learn(run), rules.threshold, implied=False)
    return hidden + find_leaks(learn(without(run, QUOTAS)), rules.threshold)
