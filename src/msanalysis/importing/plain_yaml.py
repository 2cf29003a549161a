"""YAML files as users write them: short, without tags, and no larger than they look."""

from pathlib import Path
from typing import Any

import yaml

from msanalysis.extract import ExtractRefused

_MOST_BYTES = 1 << 18
_MOST_NODES = 100_000


def read_yaml(path: Path, loader: type) -> Any:
    """Return the content of a file; raise ExtractRefused where it is not YAML, or a bomb.

    A few lines whose aliases hold one another would take years to walk through.
    """
    if path.stat().st_size > _MOST_BYTES:
        raise ExtractRefused(f"{path}: expected a short text, of at most {_MOST_BYTES // 1024} kB")
    try:
        text = path.read_text(encoding="utf-8-sig")
        if _n_nodes(yaml.compose(text, loader), {}) > _MOST_NODES:
            raise ValueError("a bomb")
        return yaml.load(text, loader)
    except (yaml.YAMLError, ValueError, RecursionError):
        raise ExtractRefused(
            f"{path}: not readable as YAML in UTF-8; write it as in the examples that come along"
        ) from None


def _n_nodes(node: Any, known: dict[int, float]) -> float:
    """Return how many nodes there are when every alias is written out."""
    if node is None or isinstance(node, yaml.ScalarNode):
        return 1
    if id(node) not in known:
        known[id(node)] = float("inf")  # until it is known: what holds itself never ends
        parts = node.value if isinstance(node, yaml.SequenceNode) else sum(node.value, ())
        known[id(node)] = 1 + sum(_n_nodes(part, known) for part in parts)
    return known[id(node)]
