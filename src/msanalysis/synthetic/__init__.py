"""An invented registry, never fitted to real data: whole lives that meet the published figures."""

from msanalysis.synthetic.registry import Registry, synthesise

__all__ = ["Registry", "synthesise"]
