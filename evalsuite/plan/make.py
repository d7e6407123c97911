"""Making a plan: which steps a spec needs, and in which order; their digests are made in `digests`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from evalsuite.models.checkpoints.base import Base
from evalsuite.plan.digests import StepDigests, judging_of_entry, judging_of_probe
from evalsuite.plan.estimate import benchmark_cost, judged_cost, pairing_cost, probe_cost, style_cost, training_cost
from evalsuite.plan.measured import with_measured
from evalsuite.plan.steps import NO_REFERENCE, Meeting, Opponent, Plan, Reference, Role, Step
from evalsuite.records import Adapter, Facts
from evalsuite.spec.run_spec import ResolvedSpec
from evalsuite.spec.suite import JudgedSet, Pairing

AUTHOR = Opponent("author", "(author)")


def make_plan(known: Plan) -> Plan:
    """A plan that has no steps yet, with its steps, and of its facts and their costs with those that its policy reads.

    Steps that depend on an adapter, a baseline or a reference not there yet have no digest, nor have those against an
    opponent without replies on record. `resolve_plan` alone calls this, so that every plan rests on the same things.
    """
    if known.adapter is not None or not known.resolved.spec.adapts:
        known = replace(known, reference=another(known.reference, known.base, known.adapter))
    maker = _Maker(known)
    steps = with_measured(known, tuple(maker.steps()))
    policy = known.resolved.policy
    if policy is None:
        return replace(known, steps=steps)
    facts = _priced(known.facts, steps).read_by([rule.metric for rule in policy.rules])
    return replace(known, steps=(*steps, Step("decide", maker.digests.decide(steps, facts))), facts=facts)


def _priced(facts: Facts, steps: Sequence[Step]) -> Facts:
    """The facts with what scoring costs in all, and what one more sample of each entry costs."""
    money: dict[str, float] = defaultdict(float)
    samples: dict[str, int] = defaultdict(int)
    for step in steps:
        if step.entry is not None and step.role == "candidate":
            # An entry may be scored, weighed beside fidelity and paired with several: a sample more costs all of it.
            money[step.entry] += step.cost.money
            samples[step.entry] = max(samples[step.entry], step.cost.samples)
    prices = {entry: its / samples[entry] for entry, its in money.items() if its and samples[entry]}
    return replace(facts, money=sum(step.cost.money for step in steps), prices=prices)


def natural_reference(resolved: ResolvedSpec, base: Base) -> Reference:
    """What a spec is compared with that names no reference: the base that it adapts, or nothing."""
    name, weights = resolved.spec.base_model.id, (base.digest, None)
    if resolved.spec.adapts:
        return Reference(name, weights, base, own=True)
    return Reference(name, weights, missing=NO_REFERENCE)


def another(reference: Reference, base: Base, adapter: Adapter | None) -> Reference:
    """The reference, or none where it is the candidate itself: this base with this adapter, if any."""
    if reference.missing is not None or reference.own or reference.weights != (base.digest, adapter and adapter.digest):
        return reference
    why = f"the reference {reference.name} is the very model that is judged; name another one under `reference:`"
    return Reference(reference.name, reference.weights, missing=why)


class _Maker:
    """Makes the steps of a plan that has none yet."""

    def __init__(self, plan: Plan) -> None:
        self.resolved, self.suite, self.reference = plan.resolved, plan.resolved.suite, plan.reference
        self.digests, self.opponents = StepDigests(plan), plan.opponents

    def steps(self) -> Iterator[Step]:
        if self.resolved.spec.train is not None:
            yield Step("train", self.digests.train(), cost=training_cost(self.resolved))
        if self.resolved.spec.adapts:
            yield Step("prove", self.digests.prove())
        overlap = self._overlap()
        if overlap is not None:
            yield overlap
        # The candidate last: what ends its judging early is held against base and author.
        measured = [*self._scored("candidate"), *self._probed("candidate")]
        paired = [self._pair(entry, met) for entry in self.suite.pairings for met in self._met(entry)]
        styled = [self._style(entry) for entry in self.suite.judged if entry.beside]
        theirs = self._of_reference([*measured, *styled])
        scored = [*(step for step in theirs if step.kind == "score"), *self._scored("author")]
        scored += [*(step for step in theirs if step.kind != "score"), *measured]
        yield from scored
        yield from styled
        yield from paired
        compared = self.digests.compare([*scored, *styled, *([overlap] if overlap else [])])
        yield Step("compare", compared, role="candidate")

    def _overlap(self) -> Step | None:
        """Test samples against this adapter's own training rows, where there are rows that can be read."""
        method = self.resolved.spec.train
        if method is None or method.learns_from is None:
            return None
        return Step("overlap", self.digests.overlap(method), role="candidate")

    def _of_reference(self, ours: Sequence[Step]) -> list[Step]:
        """What the candidate is compared with: the same asked of the reference, or what there is of it on record."""
        if self.reference.base is not None:
            return [*self._scored("base"), *self._probed("base")]
        wanted = {(step.kind, step.entry) for step in ours}
        return [step for step in self.reference.steps if (step.kind, step.entry) in wanted]

    def _scored(self, role: Role) -> Iterator[Step]:
        for benchmark in self.suite.benchmarks if role != "author" else ():
            step = self.digests.benchmark(benchmark, role)
            yield Step("score", step, benchmark.name, role, benchmark_cost(self.resolved, benchmark, role=role))
        for task in self.suite.harness.tasks if self.suite.harness and role != "author" else ():
            yield Step("score", self.digests.harness(task, role), task, role)
        for judged in self.suite.judged:
            step, judging = self.digests.judged(judged, role), judging_of_entry(self.resolved, judged)
            yield Step("score", step, judged.name, role, judged_cost(self.resolved, judged, role=role), judging)

    def _probed(self, role: Role) -> Iterator[Step]:
        for probe in self.suite.asking:
            step, judging = self.digests.probe(probe, role), judging_of_probe(self.resolved, probe)
            yield Step("probe", step, probe.name, role, probe_cost(self.resolved, probe, role=role), judging)

    def _style(self, entry: JudgedSet) -> Step:
        """What is measured beside fidelity; somebody judges only where there are pairs or a control."""
        judging = judging_of_entry(self.resolved, entry) if entry.style.pairs or entry.control else None
        step = self.digests.style(entry, judging)
        return Step("style", step, entry.name, "candidate", style_cost(self.resolved, entry), judging)

    def _met(self, entry: Pairing) -> Iterator[Opponent]:
        """Those named, but not the candidate itself; then, in a round of all, the others by name."""
        always = {"base": self._opposed(entry), "author": AUTHOR}
        others = sorted(who for pairing, who in self.opponents if pairing == entry.name and who not in entry.opponents)
        for who in (*entry.opponents, *others):
            found = always[who] if who in always else self.opponents.get((entry.name, who))
            if found is not None:
                yield found

    def _opposed(self, entry: Pairing) -> Opponent | None:
        """The reference as an opponent, with its replies where they are on record; None where there is none."""
        its = self.reference
        if its.missing is not None:
            return None
        if its.base is not None:
            return Opponent("base", f"({its.name})", weights=its.base.digest)
        replies = its.replies.get(entry.of, ())
        why = None if replies else f"the reference {its.name} has no replies to {entry.of!r} on record"
        return Opponent("base", its.name, replies, its.weights[1] if its.weights else None, why)

    def _pair(self, entry: Pairing, met: Opponent) -> Step:
        step, judging = self.digests.pair(entry, met), judging_of_entry(self.resolved, entry)
        meeting = Meeting(met.name, met.player, met.weights, entry.of, entry.metric("win_rate", met.name).name)
        return Step("pair", step, entry.name, "candidate", pairing_cost(self.resolved, entry), judging, meeting)
