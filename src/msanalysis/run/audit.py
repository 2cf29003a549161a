"""The run audited as one: which analyses must hide more, so that none undoes what another hides."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from msanalysis.core import Result
from msanalysis.release import POLICIES, Policy, shown_under
from msanalysis.release.audit import audit
from msanalysis.release.days import shown_keys
from msanalysis.release.protect import Proven
from msanalysis.release.record import Shown, kept, read_record
from msanalysis.run.cache import package_hash
from msanalysis.run.outputs import CELLS, Outcome
from msanalysis.run.plan import Run

Plan = dict[str, frozenset[str]]
"""For each analysis the cells that it hides besides its own; the run begins without."""

AUDITS = "audits.json"


def extended(plan: Plan, more: Plan) -> Plan:
    """Return the plan with what else must be hidden."""
    every = {id: plan.get(id, frozenset()) | more.get(id, frozenset()) for id in {*plan, *more}}
    return {id: every[id] for id in sorted(every) if every[id]}


def remembered(restricted: Path) -> dict[str, Plan]:
    """Return what the audits of the last run found, by what they audited."""
    try:
        held = json.loads((restricted / AUDITS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {
        audited: {id: frozenset(keys) for id, keys in found.items()}
        for audited, found in held.items()
    }


def remember(restricted: Path, audits: Mapping[str, Plan]) -> None:
    """Keep what the audits of this run found; the last of them found nothing."""
    held = {
        audited: {id: sorted(keys) for id, keys in sorted(found.items())}
        for audited, found in audits.items()
    }
    path = restricted / AUDITS
    path.write_text(json.dumps(held, indent=2) + "\n", encoding="utf-8")


def what_tells_too_much(
    run: Run, outcomes: Sequence[Outcome], plan: Plan, results: Mapping[str, Path], proven: Proven
) -> tuple[str, Plan]:
    """Return the fingerprint of the outputs, and what each must hide beside the others.

    Where the exact results of an analysis are at hand (`results`: their files), its notebook has
    to run again but once. What was found for the same outputs in an earlier run is not sought
    again, nor is what was `proven` in this one.
    """
    folders = {each.job.analysis.id: each.folder for each in outcomes if each.folder}
    audited = _fingerprint(run, folders)
    before = remembered(run.out / "restricted")
    if audited in before:
        return audited, before[audited]
    tables = {id: read_record(at / CELLS) for id, at in folders.items()}
    exact = {id: kept(results[id]) for id in folders}
    policy, quoted = POLICIES[run.policy], _quoted(folders.values())
    return audited, settled(tables, exact, plan, policy, quoted, proven)


def settled(
    tables: Mapping[str, Sequence[Shown]],
    results: Mapping[str, Sequence[Result]],
    plan: Plan,
    policy: Policy,
    quoted: Collection[str],
    proven: Proven,
) -> Plan:
    """Return for each analysis the cells it shows, or would show then, that must be hidden.

    What an analysis would show under the longer plan is audited in turn, where all its `results`
    are at hand.
    """
    more: Plan = {}
    tables = dict(tables)
    while True:
        keys = audit(
            [each for shown in tables.values() for each in shown],
            policy.threshold,
            quoted,
            trusts_know_their_own=policy.trusts_know_their_own,
            proven=proven,
        )
        shows = {id: keys & shown_keys(shown) for id, shown in tables.items()}
        longer = extended(more, {id: some for id, some in shows.items() if some})
        new = {id: keys - more.get(id, frozenset()) for id, keys in longer.items()}
        changed = [id for id in new if new[id]]
        more = longer
        if not changed or any(len(results[id]) != len(tables[id]) for id in changed):
            return more
        for id in changed:
            hides = plan.get(id, frozenset()) | more[id]
            tables[id] = [
                shown_under(result, policy, hides) if is_affected(shown, new[id]) else shown
                for shown, result in zip(tables[id], results[id], strict=True)
            ]


def is_affected(shown: Shown, hides: frozenset[str]) -> bool:
    """Return whether a table would be another if these cells were hidden too."""
    return shown.shape != "table" or not hides.isdisjoint(shown_keys([shown]))


def _quoted(folders) -> set[str]:
    """Return the cells behind the numbers of all analyses: they are hidden last."""
    saved = (json.loads((at / "analysis.json").read_text(encoding="utf-8")) for at in folders)
    return {key for each in saved for key in each.get("quoted", ())}


def _fingerprint(run: Run, folders: Mapping[str, Path]) -> str:
    digest = hashlib.sha256(f"{run.policy} {package_hash()}".encode())
    for id, at in sorted(folders.items()):
        for name in (CELLS, "analysis.json"):
            content = (at / name).read_bytes() if (at / name).exists() else b""
            digest.update(id.encode() + hashlib.sha256(content).digest())
    return digest.hexdigest()[:16]
