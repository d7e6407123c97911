"""Every figure that evalsuite ships: whatever reads it agrees on which of two candidates is the better one.

The table is what the program declares: a new task, probe, import or judge's figure is in it as soon as it is there.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import chain
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import numpy as np
import pytest
from pydantic import ValidationError

import evalsuite
from evalsuite.evaluate.lm_eval import _directions, _Told
from evalsuite.evaluate.pairwise.difference import differences
from evalsuite.gate.decide import decide
from evalsuite.gate.rules.ceiling import Ceiling
from evalsuite.gate.rules.floor import Floor
from evalsuite.gate.rules.non_inferior import NonInferior
from evalsuite.gate.rules.superior import Superior
from evalsuite.gate.words import span_of
from evalsuite.imports.figures import LENGTH_CONTROLLED, outcomes
from evalsuite.imports.imported import Imported, ImportedGrade, ImportedPair
from evalsuite.imports.pandalm import FIGURES
from evalsuite.pipeline.paired import compare
from evalsuite.plugins import Rule, find
from evalsuite.records import FACT_METRICS, Evidence, Metric, Outcome, Result, Results, RuleOutcome, Score, by_name
from evalsuite.report.cards.run_card import run_cards
from evalsuite.report.forgetting.forgetting import forgetting
from evalsuite.report.leaderboard.changes import MARKS, Changes, comparison_table, from_bases
from evalsuite.report.leaderboard.leaderboard import Leaderboard, leaderboard
from evalsuite.report.leaderboard.leaderboard_charts import front
from evalsuite.spec.policy import Policy
from evalsuite.spec.rubric import Criterion, Rubric
from evalsuite.spec.suite import Suite
from evalsuite.store import Store, read, write

CODE = Path(evalsuite.__file__).parent
N = 60
SIDES = ("better", "worse")

# What plug-ins want of their document besides their name.
TASKS: Mapping[str, dict[str, Any]] = {}
PROBES: Mapping[str, dict[str, Any]] = {
    "calibration": {"of": ["multiple_choice"]},
    "drift": {"data": "texts.jsonl"},
    "faithfulness": {"data": "questions.jsonl"},
    "flips": {"of": ["multiple_choice", "gsm8k"]},
    "format": {"of": ["gsm8k"], "data": "prompts.jsonl"},
    "refusal": {"data": "prompts.jsonl"},
    "safety_of_merge": {"of": ["multiple_choice"], "data": "prompts.jsonl"},
}


def variants(kind: str) -> Iterator[dict[str, Any]]:
    """A task as it is by default, and with every other value of each of its options that has a list of values."""
    first, plugin = {"kind": kind, **TASKS.get(kind, {})}, find("tasks")[kind]
    seen = []
    for option, field in plugin.model_fields.items():
        listed = get_origin(field.annotation) is Literal and option != "kind"
        values = get_args(field.annotation) if listed else (True, False) if field.annotation is bool else ()
        for given in (first, *({**first, option: value} for value in values)):
            try:
                metrics = plugin.model_validate_json(json.dumps(given)).metrics
            except ValidationError:
                if given is first:
                    raise
                continue
            if metrics not in seen:
                seen.append(metrics)
                yield given


@cache
def suite() -> Suite:
    """One with an entry for every shipped task and each of its ways to score, every probe, and all that judges say."""
    tasks = {kind: list(variants(kind)) for kind in find("tasks")}
    judging = {"rubric": "sober", "judge": "strict"}
    document = {
        "schema_version": 1,
        "name": "everything",
        "benchmarks": [
            {"name": kind if not at else f"{kind}-{at}", "data": "items.jsonl", "task": task}
            for kind, of in tasks.items()
            for at, task in enumerate(of)
        ],
        "judged": [{"name": "style", "data": "a.jsonl", "control": "b.jsonl", "style": {"pairs": True}, **judging}],
        "pairings": [{"name": "duel", "of": "style", "against": ["base", "author"], **judging}],
        "probes": [{"probe": kind, **PROBES.get(kind, {})} for kind in find("probes")],
    }
    return Suite.model_validate_json(json.dumps(document))


def of_harness() -> Iterator[Metric]:
    """Figures of lm-evaluation-harness, which itself says which way is better, or does not."""
    told = _Told("boolq", _directions({"boolq": {"acc": True, "perplexity": False}}))
    for name in ("acc", "perplexity", "odd"):
        yield told.metric(name, "none")
        yield replace(told.metric(name, "strict"), low=None, high=None, unit="")


def of_imports() -> Iterator[Metric]:
    """Figures of judgments by other tools."""
    pairs = tuple(ImportedPair(f"q{at}", 1, "ours", "theirs", at % 2, (7.0, 5.0)) for at in range(4))
    grades = tuple(ImportedGrade(who, f"q{at}", 1, 6.0) for at in range(4) for who in ("ours", "theirs"))
    for outcome in outcomes(Imported("vicuna", (), graded=grades, compared=pairs)).values():
        yield from outcome.metrics
    yield LENGTH_CONTROLLED.of("vicuna")
    yield from (metric.of("pandalm") for metric in FIGURES.values())


@cache
def table() -> Mapping[str, Metric]:
    """Every shipped figure by name; a pattern stands for slices as one of them."""
    criterion = Criterion(name="order", description="Has an order.", anchors={"1": "no", "5": "yes"})
    rubric = Rubric(schema_version=1, name="sober", criteria=(criterion,))
    declared = suite().metrics({"sober": rubric}, served=True)
    probed = [metric for probe in suite().probes for metric in probe.metrics]
    cleaned = [metric.uncontaminated() for metric in declared if metric.place == "headline"]
    every = [*declared, *probed, *cleaned, *FACT_METRICS, *of_harness(), *of_imports()]
    return by_name(replace(m, name=m.name.replace("*", "law"), slice="law") if m.is_pattern else m for m in every)


def test_whatever_the_code_declares_by_name_is_in_the_table() -> None:
    words = set(chain.from_iterable(name.split(".") for name in table()))
    missing = {}
    for file in CODE.rglob("*.py"):
        calls = [node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Call)]
        for call in calls:
            said = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
            first = call.args[0] if call.args else None
            if said in ("Metric", "figure") and isinstance(first, ast.Constant) and first.value not in words:
                missing[f"{file.relative_to(CODE)}:{call.lineno}"] = first.value
    assert missing == {}


def test_every_task_and_probe_is_in_the_table_and_each_figure_says_what_it_is() -> None:
    assert {entry.task.kind for entry in suite().benchmarks} == set(find("tasks"))
    assert {probe.probe for probe in suite().probes} == set(find("probes"))
    assert [name for name, metric in table().items() if not metric.about or not metric.about.endswith(".")] == []
    assert {metric.direction for metric in table().values()} == {"higher", "lower", "neither"}


def scale(metric: Metric) -> float:
    return span_of(metric) or 2.0


def scores(metric: Metric, side: str) -> Mapping[str, float]:
    """Scores in the middle of the metric's scale; a candidate's are three tenths of it off, where one way is better."""
    span, place = scale(metric), sorted(table()).index(metric.name)
    low = metric.low if metric.low is not None else metric.high - span if metric.high is not None else -span / 2
    up = {"base": 0.0, "better": 0.3, "worse": -0.3}[side] * (-1 if metric.direction == "lower" else 1)
    seed = [place, ("base", *SIDES).index(side)]
    noise = np.random.default_rng(seed).uniform(-0.05, 0.05, N)
    return {f"{at:03}": low + span * (0.5 + up + float(off)) for at, off in enumerate(noise)}


def measured(side: str) -> Outcome:
    """What a step yields that measured every figure of one subject."""
    found = {metric: scores(metric, side) for metric in table().values()}
    means = {metric: sum(its.values()) / N for metric, its in found.items()}
    near = {metric: 0.03 * scale(metric) for metric in found}
    return Outcome(
        scores=tuple(Score(key, metric.name, value) for metric, its in found.items() for key, value in its.items()),
        results=tuple(Result(m.name, mean, mean - near[m], mean + near[m], N) for m, mean in means.items()),
        metrics=tuple(found),
    )


@dataclass(frozen=True)
class World:
    """A store with a base and two candidates, one of which is better and one worse by every figure."""

    store: Store

    @cached_property
    def board(self) -> Leaderboard:
        return leaderboard(self.store)

    @cached_property
    def changes(self) -> Changes:
        return from_bases(self.board, tuple(table()), "holm")

    @cached_property
    def results(self) -> Mapping[str, Results]:
        return {side: read.results_of(self.store, side, [f"{side}-score"]) for side in ("base", *SIDES)}

    def outcome(self, rule: Rule, side: str, *, scored: bool = True) -> RuleOutcome:
        """What the gate finds, with or without scores per sample."""
        both = [self.results[side], self.results["base"]]
        if not scored:
            both = [replace(results, scores={}) for results in both]
        [found] = decide(Policy(schema_version=1, name="p", rules=(rule,)), Evidence(*both)).outcomes
        return found


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    found = World(Store(tmp_path_factory.mktemp("every") / "store"))
    write.start_run(found.store, "run", {})
    base = write.StepRow("base-score", "score", "all", "base")
    write.save_outcome(found.store, base, measured("base"), seconds=1.0, seed=7)
    rows = []
    for side in SIDES:
        own = write.StepRow(f"{side}-score", "score", "all", "candidate")
        compared = write.StepRow(f"{side}-compare", "compare", None, "candidate")
        write.save_outcome(found.store, own, measured(side), seconds=1.0, seed=7)
        its = (read.results_of(found.store, name, [f"{name}-score"]) for name in (side, "base"))
        paired = Outcome(comparisons=tuple(differences(*its)), metrics=tuple(table().values()))
        write.save_outcome(found.store, compared, paired, seconds=1.0, seed=7)
        rows.append(write.SpecRow(side, side, {}, "tiny", "b", side, "sft", "lora", (base, own, compared)))
    write.save_plan(found.store, "run", rows)
    write.finish_run(found.store, "run", "finished")
    return found


def one_way() -> list[Metric]:
    return [metric for metric in table().values() if metric.direction != "neither"]


def neither_way() -> list[Metric]:
    return [metric for metric in table().values() if metric.direction == "neither"]


def paired_rules(metric: Metric) -> tuple[Rule, Rule]:
    span = scale(metric)
    return (
        NonInferior(rule="non_inferior", metric=metric.name, margin=0.05 * span),
        Superior(rule="superior", metric=metric.name, by=0.1 * span),
    )


def test_rules_that_compare_fail_the_worse_and_pass_the_better(world: World) -> None:
    for metric in one_way():
        for rule in paired_rules(metric):
            assert rule.problems(metric) == [], metric.name
            answers = {side: world.outcome(rule, side).answer for side in SIDES}
            assert answers == {"worse": "fail", "better": "pass"}, (rule.rule, metric.name)


def test_where_neither_way_is_better_a_rule_that_compares_says_so_and_passes_nobody(world: World) -> None:
    for metric in neither_way():
        for rule in paired_rules(metric):
            sentence = f"neither more nor less of {metric.name} is better, so nothing counts as a loss"
            assert [problem.split(";")[0] for problem in rule.problems(metric)] == [sentence]
            for side in SIDES:
                found = world.outcome(rule, side)
                assert (found.answer, found.sentence.split(";")[0]) == ("undecided", sentence)


def test_without_scores_per_sample_nothing_is_paired_and_a_limit_holds_the_interval(world: World) -> None:
    for metric in table().values():
        base, rules = world.results["base"].by_metric[metric.name].value, paired_rules(metric)
        assert base is not None
        limits: dict[str, Rule] = {
            "higher": Floor(rule="floor", metric=metric.name, at_least=base),
            "lower": Ceiling(rule="ceiling", metric=metric.name, at_most=base),
        }
        for side in SIDES:
            if metric.direction != "neither":
                found = [world.outcome(rule, side, scored=False) for rule in rules]
                said = {(its.answer, its.sentence) for its in found}
                assert said == {("undecided", f"{metric.name} has no sample that both {side} and base were scored on")}
            for direction, rule in limits.items():
                answer = world.outcome(rule, side, scored=False).answer
                if metric.direction in (direction, "neither"):
                    good = "better" if metric.direction != "neither" or direction == "higher" else "worse"
                    assert answer == ("pass" if side == good else "fail"), (rule.rule, metric.name)
                else:
                    assert (answer, bool(rule.problems(metric))) == ("undecided", True), (rule.rule, metric.name)


def test_sorting_puts_the_better_first_and_the_front_is_made_of_it(world: World) -> None:
    assert set(world.board.columns) == set(table())
    for metric in table().values():
        rows = world.board.sorted_by(metric.name).rows
        assert [row.spec for row in rows] == ["better", "(tiny)", "worse"], metric.name
        values = [row.results[metric.name].value or 0.0 for row in rows]
        best = front([(1.0, value) for value in values], metric.direction)
        assert best == (frozenset() if metric.direction == "neither" else {0}), metric.name


def words(side: str) -> dict[str, str]:
    return {name: side if metric.direction != "neither" else "changed" for name, metric in table().items()}


def test_marks_and_exports_of_the_leaderboard_say_which_is_better(world: World) -> None:
    tables = world.changes.table()
    for row in tables.rows:
        cells = dict(zip(tables.heads, row, strict=True))
        expected = {name: MARKS[word].strip() for name, word in words(str(row[0])).items()}
        assert {name: str(cells[name])[-1] for name in table()} == expected
    rows = [dict(zip(world.changes.figures().heads, row, strict=True)) for row in world.changes.figures().rows]
    for side in SIDES:
        mine = [row for row in rows if row["spec"] == side]
        assert {row["metric"]: row["change"] for row in mine} == words(side)
        assert {row["metric"]: row["direction"] for row in mine} == {n: m.direction for n, m in table().items()}


@pytest.mark.parametrize("side", SIDES)
def test_forgetting_and_the_card_agree_with_the_marks(world: World, side: str) -> None:
    shown = {name: word for name, word in words(side).items() if table()[name].place != "inner"}
    assert {row[0]: row[1] for row in forgetting(side, world.store).change_table().rows} == shown
    [card] = run_cards(side, world.store)
    assert {row[0]: str(row[4]).rsplit(" ", 1)[-1] for row in card.result_table().rows} == shown


def test_two_candidates_beside_each_other_agree_too(world: World) -> None:
    found = compare("better", "worse", world.store)
    told = comparison_table(found.differences, found.metrics)
    assert {row[0]: row[4] for row in told.rows} == words("better")
