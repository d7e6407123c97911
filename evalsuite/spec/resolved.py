"""A run spec with all that it names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from evalsuite.records import Metric, by_name
from evalsuite.spec.dataset import Split
from evalsuite.spec.endpoint import Endpoint
from evalsuite.spec.judging import ResolvedJudge
from evalsuite.spec.policy import Policy
from evalsuite.spec.rubric import Rubric
from evalsuite.spec.run import RunSpec
from evalsuite.spec.suite import Suite


@dataclass(frozen=True)
class ResolvedSpec:
    """A run spec with all that it names: documents typed, data paths resolved."""

    spec: RunSpec
    file: Path
    suite: Suite
    policy: Policy | None
    rubrics: Mapping[str, Rubric]
    judges: Mapping[str, ResolvedJudge]
    training_data: tuple[Path, ...]
    suite_data: Mapping[str, Path]
    adapter_path: Path | None
    documents: Mapping[str, Path] = field(default_factory=dict)
    # Judge and rubric -> digests of the judge's health and of people's labels, as far as a store has them.
    trust: Mapping[str, tuple[str | None, str | None]] = field(default_factory=dict)
    suite_examples: Mapping[str, Path] = field(default_factory=dict)
    # The splits of data sets whose files are among the paths above, to be fetched where they are not there.
    splits: tuple[Split, ...] = ()

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """What a candidate will have once it is measured; patterns stand for slices that are not known yet."""
        # What is chosen by likelihood elsewhere is answered by letter behind an endpoint.
        served = isinstance(self.spec.base_model, Endpoint)
        return by_name(self.suite.metrics(self.rubrics, served=served))
