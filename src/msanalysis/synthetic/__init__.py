"""An invented registry, never fitted to real data: whole lives that meet the published figures.

Lives come first (`lives`): everyone who falls ill, registered or not. The registry sees those who
live to consent (`registry_persons`); their treatments, follow-up and answers are invented stage by
stage (`registry`), each with a random stream of its own. Printed counts and shares are quotas: how
many is fixed, chance decides who, at any seed; at other sizes quotas scale. What no figure fixes
is drawn from `parameters.csv`, where every tuned number stands beside the figure it serves.

What is not as in life: population mortality is a smooth Gompertz-Makeham curve (its error stands
in `parameters.csv`); treatments of those diagnosed after the status date are not entered yet; of
those who emigrate nothing is known afterwards, and they count as alive; the ages of the
inhabitants are those of a stable population, without its real waves; EDSS since 2018 is only of
persons alive at the status date; a quota on switches scales the hazards stated in the truth.
Of who stops another treatment after the status date no next one but rituximab is known yet; stops
of rituximab and natalizumab, which are counted, are never entered late, and neither is paused.
"""

from msanalysis.synthetic.registry import Registry, synthesise

__all__ = ["Registry", "synthesise"]
