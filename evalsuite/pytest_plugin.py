"""pytest plug-in: each rule of each spec is a test item, decided on results already there.

`pytest --evalsuite specs/` runs the gates alone; with paths of tests beside it, both. Without the option nothing of
evalsuite but this file is loaded.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from evalsuite.records import RuleOutcome, Verdict
    from evalsuite.spec.run_spec import ResolvedSpec


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("evalsuite", "gates of evalsuite")
    group.addoption("--evalsuite", action="append", default=[], metavar="SPECS", help="test the gates of these specs")
    group.addoption("--evalsuite-policy", metavar="NAME|FILE", help="hold them against this policy, not their own")
    group.addoption("--evalsuite-store", metavar="DIR", help="where the results are (default: EVALSUITE_STORE)")


def pytest_configure(config: pytest.Config) -> None:
    """Let pytest look where the specs are; without other paths, there only."""
    given = [str(Path(path).resolve()) for path in config.getoption("--evalsuite")]
    if given:
        own = config.args_source is pytest.Config.ArgsSource.ARGS
        config.args[:] = [*config.args, *given] if own else given


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A spec file among those that `--evalsuite` names."""
    given = [Path(path).resolve() for path in parent.config.getoption("--evalsuite")]
    wanted = any(file_path == place or place in file_path.parents for place in given)
    if not wanted or file_path.suffix not in (".yaml", ".yml"):
        return None
    return SpecFile.from_parent(parent, path=file_path)


class SpecFile(pytest.File):
    """One spec file: an item per rule of each of its specs, and per figure that a judge's document requires."""

    def collect(self) -> Iterator[pytest.Item]:
        """The rules of the policy; raises CollectError with every problem of the documents."""
        from evalsuite.errors import EvalsuiteError
        from evalsuite.spec.loading.load import load_specs

        try:
            for resolved in load_specs([self.path]):
                yield from self._of(resolved)
        except EvalsuiteError as error:
            raise self.CollectError(str(error)) from None

    def _of(self, resolved: ResolvedSpec) -> Iterator[pytest.Item]:
        from evalsuite.gate.decide import required_figures

        chosen = self.config.getoption("--evalsuite-policy")
        policy = resolved.policy
        if chosen:
            from evalsuite.spec.loading.load import named_policy

            policy = named_policy(chosen, beside=self.path)
        if policy is None:
            return
        rules = [f"{rule.rule} {rule.metric}" for rule in policy.rules]
        # In the order of the verdict's outcomes.
        rules += [f"required {metric}" for metric, _ in required_figures(resolved.judges)]
        own = None if not chosen else policy
        gate = Gate(self.path, resolved.spec.name, own, self.config.getoption("--evalsuite-store"), len(rules))
        for place, rule in enumerate(rules):
            yield RuleItem.from_parent(self, name=f"{resolved.spec.name}: {rule}", gate=gate, place=place)


class Gate:
    """The verdict of one spec, read once for all of its items; `policy` is another one than the spec's own."""

    def __init__(self, file: Path, spec: str, policy: Any, store: str | None, items: int) -> None:
        self.file, self.spec, self.policy, self.store, self.items = file, spec, policy, store, items
        self._verdict: Verdict | None = None

    def outcome(self, place: int) -> RuleOutcome:
        """What the item at that place found; a verdict without rules (invalid) speaks for each."""
        import os

        from evalsuite.pipeline import flow as pipeline
        from evalsuite.store import DEFAULT_FOLDER, Store

        if self._verdict is None:
            folder = self.store or os.environ.get("EVALSUITE_STORE") or DEFAULT_FOLDER
            found = pipeline.gate([self.file], Store(Path(folder)), policy=self.policy)
            self._verdict = next(verdict for plan, verdict in found if plan.name == self.spec)
        outcomes = self._verdict.outcomes
        return outcomes[place] if len(outcomes) == self.items else outcomes[0]


class RuleFailed(Exception):
    """A rule that stands in the way; its text is the sentence."""


class RuleItem(pytest.Item):
    """One rule of one spec."""

    def __init__(self, *, gate: Gate, place: int, **of_pytest: Any) -> None:
        super().__init__(**of_pytest)
        self.gate, self.place = gate, place

    def runtest(self) -> None:
        """Pass, fail with the sentence, or skip where the rule only warns."""
        from evalsuite.errors import EvalsuiteError

        try:
            outcome = self.gate.outcome(self.place)
        except EvalsuiteError as error:
            raise RuleFailed(str(error)) from None
        self.user_properties.append(("answer", outcome.answer))
        if outcome.blocks:
            raise RuleFailed(f"{outcome.answer}: {outcome.sentence}")
        if outcome.answer != "pass":
            pytest.skip(f"warning only, {outcome.answer}: {outcome.sentence}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The sentence alone; a traceback would tell nothing about an adapter."""
        if isinstance(excinfo.value, RuleFailed):
            return f"{self.gate.spec}  {excinfo.value}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the item is from: the spec's file. Without a domain, whose dots pytest would write as `::`."""
        return self.path, 0, ""
