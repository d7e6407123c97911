"""A small store with planted values, written by the functions that a real run uses."""

from evalsuite.records import Answer, Outcome, Result, RuleOutcome, Verdict
from evalsuite.store import Store
from evalsuite.store.write import SpecRow, StepRow, finish_run, save_outcome, save_plan, save_verdict, start_run


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


def fill(store: Store, specs: list[tuple[SpecRow, dict[str, Outcome]]], verdicts: dict[str, Verdict]) -> None:
    """One finished run with these specs and verdicts."""
    start_run(store, "run-1", {})
    save_plan(store, "run-1", [row for row, _ in specs])
    for row, outcomes in specs:
        for step in row.steps:
            if step.digest in outcomes:
                save_outcome(store, step, outcomes[step.digest], seconds=1.0, seed=7)
            elif row.name in verdicts:
                save_verdict(store, step, verdicts[row.name])
    finish_run(store, "run-1", "finished")
