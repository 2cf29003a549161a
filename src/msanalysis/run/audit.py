"""The run audited as one: which analyses must hide more, so that none undoes what another hides."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from msanalysis.release import POLICIES
from msanalysis.release.audit import audit
from msanalysis.release.days import shown_keys
from msanalysis.release.record import Shown, read_record
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
    run: Run, outcomes: Sequence[Outcome], before: Mapping[str, Plan]
) -> tuple[str, Plan]:
    """Return the fingerprint of the outputs, and what each must hide beside the others.

    `before` holds what was found for the same outputs.
    """
    folders = {each.job.analysis.id: each.folder for each in outcomes if each.folder}
    audited = _fingerprint(run, folders)
    return audited, before[audited] if audited in before else _more(run, folders)


def _more(run: Run, folders: Mapping[str, Path]) -> Plan:
    """Return for each analysis the cells it shows that must be hidden."""
    tables: dict[str, list[Shown]] = {id: read_record(at / CELLS) for id, at in folders.items()}
    every = [each for shown in tables.values() for each in shown]
    policy = POLICIES[run.policy]
    keys = audit(
        every,
        policy.threshold,
        _quoted(folders.values()),
        trusts_know_their_own=policy.trusts_know_their_own,
    )
    shows = {id: keys & shown_keys(shown) for id, shown in tables.items()}
    return {id: some for id, some in shows.items() if some}


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
