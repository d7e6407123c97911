"""A random order that everybody finds again: by seed and name, whatever order the samples came in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from evalsuite.data.digest import digest


def shuffled(ids: Iterable[str], *, seed: int, groups: Mapping[str, str] | None = None) -> list[str]:
    """The ids in the seed's random order; samples of one group stay together."""
    group = groups or {}

    def place(key: str) -> tuple[str, str]:
        return digest("order", seed, group.get(key), None if key in group else key), digest("order", seed, key)

    return sorted(ids, key=place)
