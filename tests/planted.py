"""A small store with planted values, written by the functions that a real run uses."""

from dataclasses import replace
from pathlib import Path

from evalsuite.records import (
    Adapter,
    Answer,
    Comparison,
    Metric,
    Outcome,
    Reply,
    Result,
    RuleOutcome,
    Score,
    Training,
    TrainingPoint,
    Verdict,
)
from evalsuite.store import Store
from evalsuite.store.write import (
    SpecRow,
    StepRow,
    finish_run,
    save_errors,
    save_outcome,
    save_plan,
    save_training,
    save_verdict,
    start_run,
)

# What planted figures are; any other one is a headline of which more is better.
KNOWN = (
    Metric("flips.facts", "facts", "lower"),
    Metric("drift.kl", "drift", "lower", high=None, unit="nats a token", place="detail"),
    Metric("facts.length_ratio", "facts", "neither", high=None, unit="ratio", place="beside"),
    *(Metric(f"facts.accuracy.{s}", "facts", place="detail", parent="facts.accuracy", slice=s) for s in ("law", "art")),
    Metric("facts.accuracy.macro", "facts", place="beside"),
    Metric("style.score.order", "style", place="detail", parent="style.score"),
    Metric("style.score.ppi", "style", place="beside"),
    Metric("style.judge_disagreement", "style", "lower", place="beside"),
    Metric("duel.length_controlled", "duel", place="beside"),
    *(Metric(f"duel.position_consistency{met}", "duel", place="beside") for met in ("", ".other")),
)


def declare(outcome: Outcome) -> Outcome:
    """The outcome with what each of its figures is, unless it says so itself."""
    if outcome.metrics:
        return outcome
    known = {metric.name: metric for metric in KNOWN}
    every = (*outcome.results, *outcome.scores, *outcome.comparisons)
    names = dict.fromkeys(found.metric for found in every)
    return replace(outcome, metrics=tuple(known.get(n) or Metric(n, n.partition(".")[0]) for n in names))


def result(metric: str, value: float | None, low: float | None = None, high: float | None = None) -> Result:
    return Result(metric, value, low, high, n=200, reason=None if value is not None else "no reply could be read")


def rule(answer: Answer, sentence: str, metric: str = "facts.accuracy") -> RuleOutcome:
    return RuleOutcome("floor", metric, answer, sentence)


def spec(
    name: str, results: tuple[Result, ...], base: tuple[Result, ...], *, base_model: str = "tiny", method: str = "sft"
) -> tuple[SpecRow, dict[str, Outcome]]:
    """What a run plans for a spec, and what its two scoring steps yield."""
    steps = (
        StepRow(f"{base_model}-score", "score", "facts", "base"),
        StepRow(f"{name}-score", "score", "facts", "candidate"),
        StepRow(f"{name}-decide", "decide", None, None),
    )
    row = SpecRow(name, f"{name}-plan", {}, base_model, f"{base_model}-digest", f"{name}-digest", method, "lora", steps)
    return row, {steps[0].digest: Outcome(results=base), steps[1].digest: Outcome(results=results)}


def change(metric: str, difference: float, p_value: float) -> Comparison:
    return Comparison(metric, "base", difference, difference - 0.1, difference + 0.1, p_value, n=200)


def told(answers: dict[str, tuple[str, float | None]]) -> Outcome:
    """A scored step from what was said to each sample and what it scored."""
    return Outcome(
        replies=tuple(Reply(key, f"What is {key}?", text, f"the {key}") for key, (text, _) in answers.items()),
        scores=tuple(Score(key, "facts.accuracy", value) for key, (_, value) in answers.items()),
    )


def compared(row: tuple[SpecRow, dict[str, Outcome]], *changes: Comparison) -> tuple[SpecRow, dict[str, Outcome]]:
    """The same spec with a step that compared it with its base."""
    planned, outcomes = row
    step = StepRow(f"{planned.name}-compare", "compare", None, "candidate")
    return replace(planned, steps=(*planned.steps, step)), {**outcomes, step.digest: Outcome(comparisons=changes)}


def paired(
    row: tuple[SpecRow, dict[str, Outcome]],
    outcomes: dict[str, float | None],
    *figures: Result,
    opponent: str = "(tiny)",
) -> tuple[SpecRow, dict[str, Outcome]]:
    """The same spec with a step that met another on samples, each won (1), tied (0.5), lost (0) or not judged."""
    planned, found = row
    judging = ("strict", "strict-digest", "sober", "sober-digest")
    met = ("duel.win_rate", "style", opponent, f"{opponent}-digest")
    step = StepRow(f"{planned.name}-pair", "pair", "duel", "candidate", judging, met)
    scores = tuple(Score(key, "duel.win_rate", value) for key, value in outcomes.items())
    return replace(planned, steps=(*planned.steps, step)), {**found, step.digest: Outcome((), scores, figures)}


def train(store: Store, name: str, *, seconds: float) -> StepRow:
    """A training on record, with a curve of two points."""
    step = StepRow(f"{name}-train", "train", None, None)
    training = Training(
        adapter=Adapter(name, Path("weights") / name, f"{name}-digest"),
        curve=(TrainingPoint(1, 2.0, None), TrainingPoint(2, 1.0, 1.5)),
        tokens_seen=1000,
        tokens_per_second=100.0,
        wall_seconds=seconds,
        peak_memory_mb=500.0,
        trained_parameters=1_000,
        total_parameters=100_000,
        held_out_loss=1.5,
    )
    save_training(store, step, training, seconds=seconds, seed=7)
    return step


def fill(
    store: Store,
    specs: list[tuple[SpecRow, dict[str, Outcome]]],
    verdicts: dict[str, Verdict],
    *,
    errors: tuple[tuple[str, str], ...] = (),
) -> None:
    """One finished run with these specs and verdicts."""
    start_run(store, "run-1", {})
    save_plan(store, "run-1", [row for row, _ in specs])
    for row, outcomes in specs:
        for step in row.steps:
            if step.digest in outcomes:
                save_outcome(store, step, declare(outcomes[step.digest]), seconds=1.0, seed=7)
            elif row.name in verdicts:
                save_verdict(store, step, verdicts[row.name])
    save_errors(store, "run-1", errors)
    finish_run(store, "run-1", "failed" if errors else "finished")
