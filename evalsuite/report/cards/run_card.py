"""The run card: all that is known of one spec's latest run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from evalsuite.errors import NotFound
from evalsuite.plugins import find
from evalsuite.records import Comparison, LayerNorm, Metric, Result, TrainingPoint, Verdict, by_name, metric_of
from evalsuite.report.judging.judges_page import health_lines
from evalsuite.report.tables import BASE, Table, better_word, change, change_word, duration, figure, is_working, p_value
from evalsuite.store import Store, read
from evalsuite.store.read import PlannedStep, SpecRun, TrainingFacts

# A rise of the held-out loss by less than this is the noise of a small held-out set.
_RISEN = 1.05
_SHOWN = ("evalsuite", "python", "torch", "transformers", "peft", "trl", "datasets")


@dataclass(frozen=True)
class RunCard:
    """A spec as one run left it."""

    spec: SpecRun
    steps: tuple[PlannedStep, ...]
    training: TrainingFacts | None
    results: tuple[Result, ...]
    comparisons: tuple[Comparison, ...]
    verdict: Verdict | None
    judges: tuple[str, ...] = ()
    metrics: Mapping[str, Metric] = field(default_factory=dict)

    def result_table(self) -> Table:
        """Every metric with interval, count, which way is better, and the paired difference from the base."""
        differences = {found.metric: found for found in self.comparisons if found.baseline == BASE}
        rows = [
            (
                result.metric,
                figure(result),
                str(result.n),
                better_word(metric_of(self.metrics, result.metric)),
                self._change(differences.get(result.metric)),
                p_value(differences[result.metric].p_value) if result.metric in differences else "–",
                result.reason or result.detail or "",
            )
            for result in self.results
            if not is_working(self.metrics, result.metric)
        ]
        return Table(("metric", "value", "n", "better", "against base", "p", "note"), tuple(rows))

    def _change(self, found: Comparison | None) -> str:
        if found is None:
            return "–"
        word = change_word(found, self.metrics)
        return change(found) if word == "no sure change" else f"{change(found)} {word}"

    def facts(self) -> list[tuple[str, str]]:
        """What was trained and when, as labels and words."""
        facts = [
            ("run", f"{self.spec.run_id}, {self.spec.started_at:%Y-%m-%d %H:%M} UTC"),
            ("base model", self.spec.base_model),
            ("method", " ".join(part for part in (self.spec.method, self.spec.adapter_type) if part)),
            ("adapter", self.spec.adapter_digest or "none"),
            *self._reference(),
        ]
        if self.training is not None:
            trained = self.training
            if not trained.trained_parameters:
                return [*facts, ("trained", _nothing(self.spec.method)), *_made_of(trained)]
            share = trained.trained_parameters / trained.total_parameters
            loss = f", held-out loss {trained.held_out_loss:.3f}" if trained.held_out_loss is not None else ""
            facts += [
                (
                    "trained",
                    f"{trained.trained_parameters:,} parameters ({share:.1%}) in {duration(trained.wall_seconds)}",
                ),
                ("tokens", f"{trained.tokens_seen:,} seen, {trained.tokens_per_second:,.0f} a second{loss}"),
                *_moved(trained.norms),
                *_overfitted(trained.curve),
                ("peak memory", f"{trained.peak_memory_mb:,.0f} MB"),
                ("weights at", str(trained.adapter.path)),
                *_made_of(trained),
            ]
        return facts

    def _reference(self) -> list[tuple[str, str]]:
        """What `base` stands for, where that is not the base model; a run of an older version does not say."""
        named = self.spec.reference
        if any(step.kind == "compare" for step in self.steps) and all(step.role != "base" for step in self.steps):
            return [("compared with", "nothing: the spec names no `reference`")]
        return [("compared with", named)] if named not in (None, self.spec.base_model) else []


def _nothing(method: str) -> str:
    """What was done in place of a training, as far as the method that a store names is known here."""
    known = find("methods").get(method)
    return f"nothing: {known.instead}" if known is not None and known.instead else "nothing"


def _made_of(trained: TrainingFacts) -> list[tuple[str, str]]:
    """What it cost, and all that is needed to make it again."""
    record = trained.record
    if record is None:
        return []
    money = None if record.money is None else f"${record.money:.4f}"
    energy = None if record.watt_hours is None else f"{record.watt_hours:.3g} Wh"
    cost = ", ".join(part for part in (money, energy) if part)
    data = [f"{place} ({digest[:12]})" for place, digest in record.data.items()]
    software = [f"{name} {version}" for name, version in record.versions.items() if name in _SHOWN and version]
    below = [("built on", record.built_on)] if record.built_on else []
    return [
        *([("cost", cost)] if cost else []),
        ("made from", f"base {record.base_digest[:12]}, seed {record.seed}{''.join(f', {part}' for part in data)}"),
        *below,
        ("software", ", ".join(software)),
    ]


def _moved(norms: tuple[LayerNorm, ...]) -> list[tuple[str, str]]:
    shares = {norm.layer: norm.relative for norm in norms if norm.relative is not None}
    if not shares:
        return []
    most = max(shares, key=lambda layer: shares[layer] or 0.0)
    mean = sum(share or 0.0 for share in shares.values()) / len(shares)
    return [("moved by", f"{mean:.0%} of the base weights' norm on average, most in {most} ({shares[most]:.0%})")]


def _overfitted(curve: tuple[TrainingPoint, ...]) -> list[tuple[str, str]]:
    losses = [(point.step, point.held_out_loss) for point in curve if point.held_out_loss is not None]
    if not losses:
        return []
    step, best = min(losses, key=lambda item: item[1])
    last = losses[-1][1]
    if last <= best * _RISEN:
        return []
    return [("overfitted", f"the held-out loss rose from {best:.3f} at step {step} to {last:.3f}; try early_stopping")]


def run_cards(name: str, store: Store) -> list[RunCard]:
    """The cards of a run (all its specs) or of a spec (its latest run); raises NotFound with what there is."""
    latest = read.latest_specs(store)
    chosen = [spec for spec in latest if spec.spec == name] or read.specs_of_run(store, name)
    if not chosen:
        known = [spec.spec for spec in latest] + [run.run_id for run in read.runs(store)[:5]]
        raise NotFound(f"no run or spec {name!r} in {store.folder}; there are: {', '.join(known) or 'none'}")
    return [_card(spec, store) for spec in chosen]


def _card(spec: SpecRun, store: Store) -> RunCard:
    steps = read.steps_of(store, spec)
    own = [step.digest for step in steps if step.role == "candidate"]
    trained = next((step.digest for step in steps if step.kind == "train"), None)
    decided = next((step.digest for step in steps if step.kind == "decide"), None)
    return RunCard(
        spec,
        tuple(steps),
        read.training_facts(store, trained) if trained else None,
        tuple(read.aggregates_of(store, own)),
        tuple(read.comparisons_of(store, own)),
        read.verdict_of(store, decided) if decided else None,
        tuple(health_lines(store, own)),
        by_name(read.metrics_of(store, own)),
    )
