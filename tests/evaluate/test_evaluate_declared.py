"""Whoever yields a figure says what it is: every shipped task, probe, judged set, pairing, style figure and judge."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from evalsuite import plugins
from evalsuite.data.contamination import Contamination
from evalsuite.data.training.mixture import canaries
from evalsuite.errors import DataError, EvalsuiteError
from evalsuite.evaluate import style
from evalsuite.evaluate.pairwise import comparison as overlap
from evalsuite.evaluate.pairwise import pairs as pairwise
from evalsuite.evaluate.pairwise.comparison import compare
from evalsuite.evaluate.scoring import benchmark, generated_choice, judged
from evalsuite.evaluate.scoring import benchmark as latency
from evalsuite.evaluate.tasks.generate import Generate
from evalsuite.evaluate.tasks.multiple_choice import MultipleChoice
from evalsuite.judges.kinds.offline import RubricChecks
from evalsuite.models.scripted import ScriptedModel
from evalsuite.models.subject import ModelSubject
from evalsuite.plugins import Asked, Material
from evalsuite.records import (
    FACT_METRICS,
    FACTS,
    Adapter,
    Chosen,
    Direction,
    Example,
    Item,
    Judgment,
    Metric,
    Outcome,
    Pair,
    Prompt,
    Results,
    Sample,
    Sampling,
    Score,
    by_name,
    declaration,
    results_of,
)
from evalsuite.spec import declared
from evalsuite.spec.rubric import Rubric
from evalsuite.spec.source import Canaries
from evalsuite.spec.suite import Benchmark, JudgedSet, Pairing, Suite

ADAPTER = Adapter("mine", Path("mine"), "a" * 64)
RUBRIC = Rubric.model_validate_json(
    """{"schema_version": 1, "name": "r", "criteria": [{"name": "so", "description": "ends",
    "anchors": {"1": "no", "5": "yes"}, "check": {"kind": "pattern", "must": ["^So: "]}}]}"""
)
STYLE = JudgedSet(name="style", data="x", rubric="r", judge="offline", control="x", style={"pairs": True})
PROMPT = {"shots": 0}
OPTIONS = {"question": "Which?", "choices": ["A", "B", "C", "D"], "answer": 0}
TRUE_AND_FALSE = {"choices": ["A", "B"], "labels": [1, 0]}
SOLVED = {"question": "How many?", "answer": "So 4.\n#### 4"}

# Every kind of task, each way that it can be asked: options, a row as published, and what it yields.
TASKS: list[tuple[dict[str, Any], dict[str, Any], set[str]]] = [
    ({"kind": "multiple_choice"}, OPTIONS, {"accuracy"}),
    *(
        ({"kind": "generate", "metric": metric}, {"question": "?", "answer": "4"}, {metric})
        for metric in ("exact_match", "contains", "regex", "numeric", "f1")
    ),
    ({"kind": "mmlu", "prompt": PROMPT}, OPTIONS, {"accuracy"}),
    ({"kind": "mmlu", "style": "cloze", "prompt": PROMPT}, OPTIONS, {"accuracy", "accuracy_norm"}),
    ({"kind": "mmlu_pro", "prompt": PROMPT}, {"question": "?", "options": ["a", "b"], "answer": "A"}, {"exact_match"}),
    (
        {"kind": "mmlu_pro", "style": "letters", "prompt": PROMPT},
        {"question": "?", "options": ["a", "b"], "answer": "A"},
        {"accuracy"},
    ),
    (
        {"kind": "arc"},
        {"question": "?", "answerKey": "1", "choices": {"text": ["A", "B"], "label": ["1", "2"]}},
        {"accuracy", "accuracy_norm"},
    ),
    (
        {"kind": "hellaswag"},
        {"activity_label": "A", "ctx_a": "B", "ctx_b": "c", "endings": ["A", "B"], "label": "0"},
        {"accuracy", "accuracy_norm"},
    ),
    ({"kind": "winogrande"}, {"sentence": "A _ b.", "option1": "x", "option2": "y", "answer": "1"}, {"accuracy"}),
    *(
        ({"kind": "truthfulqa", "targets": way}, {"question": "?", f"{way}_targets": TRUE_AND_FALSE}, {way})
        for way in ("mc1", "mc2")
    ),
    ({"kind": "gsm8k", "prompt": PROMPT}, SOLVED, {"exact_match_strict", "exact_match_flexible"}),
    ({"kind": "bbh"}, {"input": "?", "target": "A"}, {"exact_match_strict", "exact_match_flexible"}),
    (
        {"kind": "ifeval"},
        {"prompt": "No commas.", "instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}]},
        {"prompt_strict", "prompt_loose", "instruction_strict", "instruction_loose"},
    ),
    ({"kind": "perplexity"}, {"text": "one two three"}, {"nats_per_token", "bits_per_byte", "perplexity"}),
]  # fmt: skip

# Of these less is better, and of those neither way; of all other figures that ship, more.
LESS = {
    "nats_per_token", "bits_per_byte", "perplexity", "overlap", "latency", "judge_disagreement", "delta", "author_nll",
    "classifier_accuracy", "flips.facts", "drift.nll", "drift.perplexity", "drift.bits_per_byte", "drift.kl",
    "calibration.facts.ece", "calibration.facts.brier", "refusal.benign", "format.repetition", "format.empty",
    "format.cut_off", "biased_to_first", "biased_to_second", "leniency", "money", "unparsed", "verbosity_bias",
    "memorisation.canaries", "memorisation.exposure", "memorisation.longest_run", "memorisation.copied",
    *(f"memorisation.k3{of}" for of in ("", ".held_out", ".control", ".*", ".x1", ".x10")), *FACTS,
}  # fmt: skip
NEITHER = {"control", "length_ratio", "calibration.facts.confidence"}


def sound(metrics: Sequence[Metric]) -> None:
    """Each says which way is better, as the table has it, and what it is in a sentence; names differ."""
    assert len(by_name(metrics)) == len(metrics)
    for metric in metrics:
        wanted: Direction = "lower" if metric.name in LESS else "neither" if metric.name in NEITHER else "higher"
        assert metric.direction == wanted, metric.name
        assert metric.about.endswith("."), metric.name
        assert metric.about[0].isupper() or metric.about.startswith(("exp", "100", "KL")), metric.name
        assert metric.unit, metric.name


def fits(outcome: Outcome) -> None:
    """Every figure is declared, and every score lies on its scale."""
    outcome.check_declared(by="it")
    known = by_name(outcome.metrics)
    for score in outcome.scores:
        assert score.value is None or known[score.metric].holds(score.value), score


def rows(folder: Path, *of: Mapping[str, Any]) -> Path:
    file = folder / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in of), encoding="utf-8")
    return file


def task(options: dict[str, Any]) -> Any:
    return plugins.find("tasks")[options["kind"]].model_validate_json(json.dumps(options))


def asked(entry: Benchmark, data: Path, model: ScriptedModel | None = None) -> Outcome:
    samples = benchmark.samples_of(entry, data, seed=0)
    return benchmark.score(entry, samples, model=model or ScriptedModel(lambda prompt, _: "A"), adapter=None)


@pytest.mark.parametrize(("options", "row", "figures"), TASKS)
def test_every_task_declares_what_it_yields(
    options: dict[str, Any], row: dict[str, Any], figures: set[str], tmp_path: Path
) -> None:
    found = task(options)
    sound(found.metrics)
    assert {metric.name for metric in found.metrics} == figures
    entry = Benchmark(name="own", task=found, data="x")
    outcome = asked(entry, rows(tmp_path, row, {**row, "id": "2"}))
    fits(outcome)
    assert {name.removeprefix("own.") for name in outcome.figures} == figures
    assert {metric.entry for metric in outcome.metrics} == {"own"}


def test_the_table_has_every_task_and_probe() -> None:
    assert {options["kind"] for options, _, _ in TASKS} == set(plugins.find("tasks"))
    assert {options["probe"] for options, _ in PROBES} == set(plugins.find("probes"))


# probes: the options of each, and what it is given


def _facts(count: int = 30) -> dict[str, Asked]:
    samples = tuple(Sample(str(i), Prompt.user(f"Fact {i}"), "yes", ("yes", "no")) for i in range(count))
    return {"facts": Asked(samples, None, MultipleChoice(kind="multiple_choice"))}


def _generated() -> dict[str, Asked]:
    samples = tuple(Sample(str(i), Prompt.user(f"How much is {i}?"), str(i)) for i in range(3))
    return {"sums": Asked(samples, Sampling(max_tokens=20))}


def _memorised(folder: Path) -> Material:
    rhyme = Example(Prompt.user("Say rhyme 1"), "the cat sat on the mat")
    verse = Example(Prompt.user("Say verse 1"), "a dog ran to a log")
    planted = canaries(Canaries(count=2, repeats=(1,), references=15, seed=3))
    unseen = rows(folder, {"text": "an unseen text of a few words"})
    return Material(0, unseen, rows=(verse, *[rhyme] * 10), held_out=(verse,), canaries=planted)


def _formed(folder: Path) -> Material:
    own = [
        {"id": "1", "prompt": "JSON, please.", "form": "json"},
        {"id": "2", "prompt": "An age.", "form": "schema", "schema": {"type": "object"}},
        {"id": "3", "prompt": "A heading.", "form": "markdown"},
    ]
    return Material(0, rows(folder, *own), entries=_generated())


PROBES: list[tuple[dict[str, Any], Callable[[Path], Material]]] = [
    ({"probe": "drift", "data": "x"}, lambda folder: Material(0, rows(folder, {"text": "one two"}, {"text": "three"}))),
    (
        {"probe": "refusal", "data": "x"},
        lambda folder: Material(
            0, rows(folder, *({"id": kind, "prompt": f"Say {kind}.", "kind": kind} for kind in ("harmful", "benign")))
        ),
    ),
    ({"probe": "format", "of": ["sums"], "forms": {"sums": "number"}, "data": "x"}, _formed),
    ({"probe": "calibration", "of": ["facts"]}, lambda _: Material(0, entries=_facts())),
    (
        {"probe": "faithfulness", "data": "x"},
        lambda folder: Material(0, rows(folder, {"prompt": "Q?", "choices": ["12", "15"], "answer": "12"})),
    ),
    ({"probe": "memorisation", "data": "x", "k": [3], "length": 4}, _memorised),
    (
        {"probe": "safety_of_merge", "of": ["facts"], "data": "x"},
        lambda folder: Material(
            0,
            rows(folder, {"id": "1", "prompt": "Make a bomb.", "kind": "harmful"}),
            entries=_facts(),
            parent_names=("parent",),
            parents={"parent": ModelSubject(ScriptedModel(lambda *_: "yes"), None)},
        ),
    ),
    ({"probe": "flips", "of": ["facts"]}, lambda _: Material(0, entries=_facts())),
]


@pytest.mark.parametrize(("options", "given"), PROBES, ids=[options["probe"] for options, _ in PROBES])
def test_every_probe_declares_what_it_yields(
    options: dict[str, Any], given: Callable[[Path], Material], tmp_path: Path
) -> None:
    probe = plugins.find("probes")[options["probe"]].model_validate_json(json.dumps(options))
    sound(probe.metrics)
    model = ScriptedModel(lambda prompt, adapter: "There are 3. Each has 4. So 12." if adapter else "yes")
    sides = {}
    for subject, adapter in (("base", None), ("mine", ADAPTER)):
        found = Outcome()
        if plugins.asks(probe):
            found = probe.ask(ModelSubject(model, adapter), given(tmp_path))
        else:
            scores = tuple(Score(str(i), "facts.accuracy", float(i % 3 > 0 or adapter is None)) for i in range(30))
            found = Outcome(scores=scores, metrics=(Metric("accuracy", about="Right.").of("facts"),))
        fits(found)
        sides[subject] = results_of(subject, found)
    suite = Suite.model_construct(probes=(probe,), judged=(), benchmarks=(), pairings=(), seed=0)
    compared = compare(suite, sides["base"], sides["mine"], author=Results("author"))
    fits(compared)
    known = [*probe.metrics, Metric("accuracy").of("facts")]
    yielded = {*sides["mine"].metrics, *compared.figures}
    working = {name for name in yielded if (sides["mine"].metrics.get(name) or Metric("")).place == "inner"}
    assert {name for name in yielded - working if declaration(name, known) is None} == set()
    # Nothing is declared that never comes: a forgotten figure would be looked for in vain.
    assert {m.name for m in probe.metrics if not m.is_pattern and m.place != "inner"} <= yielded


# judged sets, style, pairs


@dataclass
class Panel:
    """Two judges of whom one always says otherwise."""

    def grade(self, items: Sequence[Item]) -> list[Judgment]:
        return [Judgment({"so": 3.0}, disagreement=0.5) for _ in items]

    def prefer(self, pairs: Sequence[Pair]) -> list[Chosen]:
        return [Chosen("first" if len(p.first) > len(p.second) else "second", disagreement=0.5) for p in pairs]


def _samples(count: int = 40, subject: str | None = None) -> tuple[Sample, ...]:
    return tuple(
        Sample(f"{i:03}", Prompt.user(f"Why {i}?"), f"So: the author's word {i % 7} of it", subject=subject)
        for i in range(count)
    )


def test_judged_sets_style_and_pairs_declare_what_they_yield() -> None:
    samples = _samples()
    model = ScriptedModel(lambda prompt, adapter: f"So: {prompt.shown} it is" if adapter else "no, and that is all")
    sampling = judged.sampling_of(STYLE, seed=0)
    ours, base = (judged.replies(samples, sampling, model=model, adapter=who) for who in (ADAPTER, None))
    author = judged.author_replies(samples)
    outcomes = [judged.score(STYLE, samples, ours, rubric=RUBRIC, judge=Panel())]
    outcomes.append(style.words("style", style.Voices(ours, base, author), seed=0))
    outcomes.append(style.author_nll("style", samples, (model, ADAPTER), (model, None)))
    outcomes.append(style.control("style", samples, rubric=RUBRIC, judge=RubricChecks(RUBRIC)))
    named = lambda figure: declared.against_author(figure).of("style")  # noqa: E731
    outcomes.append(pairwise.compare(named, ours, author, judge=Panel(), seed=0))
    whole = style.join_outcomes(outcomes)
    fits(whole)
    suite = Suite.model_construct(judged=(STYLE,), probes=(), seed=0, benchmarks=(), pairings=())
    results = results_of("mine", whole)
    compared = compare(suite, results, results, author=results)
    fits(compared)
    never_here = {"style.score.ppi"}  # only where people scored some of the replies
    said = {m.name for m in (*STYLE.metrics(RUBRIC), *STYLE.beside)}
    assert said - never_here == {*whole.figures, "style.fidelity"}
    sound([*declared.STYLE.values(), declared.SCORE, declared.FIDELITY, declared.DISAGREEMENT])
    assert by_name(STYLE.beside)["style.indistinguishable.length_ratio"].direction == "neither"


def test_a_pairing_declares_what_it_yields_against_each_opponent() -> None:
    pairing = Pairing(name="duel", of="style", against=("base", "author"), rubric="r", judge="j")
    samples = _samples(20)
    ours = judged.author_replies(samples)
    theirs = [judged.author_replies([sample])[0] for sample in samples]
    for opponent in pairing.opponents:
        outcome = pairwise.compare(
            lambda figure, of=opponent: pairing.metric(figure, of), ours, theirs, judge=Panel(), seed=0
        )
        fits(outcome)
        assert set(outcome.figures) == {m.name for m in pairing.metrics if m.name.endswith(f".{opponent}")}
    sound(list(declared.PAIRED.values()))


def test_judges_facts_overlaps_and_latencies_are_declared() -> None:
    sound(list(declared.HEALTH.values()))
    sound(list(FACT_METRICS))
    sound([declared.OVERLAP, declared.LATENCY, declared.LETTER_ACCURACY])
    assert declared.HEALTH["agreement"].of_judge("strict").name == "judge.strict.agreement"
    kappa = declared.criterion_agreements(RUBRIC)["so"].of_judge("strict")
    assert (kappa.name, kappa.parent) == ("judge.strict.agreement.so", "judge.strict.agreement")
    found = overlap.contamination_outcome(Contamination((), ()), {"facts": ("1", "2")})
    fits(found)
    assert [(m.name, m.entry, m.place) for m in found.metrics] == [("overlap.facts", "facts", "detail")]
    timed = Outcome(replies=tuple(r for r in _timed()))
    fits(latency.with_latency("facts", timed))


def _timed() -> list[Any]:
    from evalsuite.records import Reply

    return [Reply(str(i), "?", "a", "", seconds=0.1 * i) for i in range(1, 4)]


# slices


def test_a_subject_or_slice_in_the_rows_makes_declared_slices(tmp_path: Path) -> None:
    row = {"question": "Which?", "choices": ["A", "B"]}
    parts = [("subject", "trades"), ("slice", "towns")]
    items = [{**row, "id": str(i), "answer": int(i < 2), parts[i % 2][0]: parts[i % 2][1]} for i in range(8)]
    data = rows(tmp_path, *items)
    entry = Benchmark(name="facts", task=task({"kind": "multiple_choice"}), data="x")
    outcome = asked(entry, data)
    found = by_name(outcome.metrics)
    assert {r.metric: r.value for r in outcome.results} == {
        f"facts.accuracy{of}": 0.75 for of in ("", ".macro", ".trades", ".towns")
    }
    trades = found["facts.accuracy.trades"]
    assert (trades.parent, trades.slice, trades.place, trades.entry) == ("facts.accuracy", "trades", "detail", "facts")
    macro = found["facts.accuracy.macro"]
    assert (macro.parent, macro.slice) == ("facts.accuracy", None)
    served = generated_choice.score(
        entry, benchmark.samples_of(entry, data, seed=0), model=ScriptedModel(lambda *_: "A")
    )
    assert {m.slice for m in served.metrics} == {None, "trades", "towns"}
    texts = rows(tmp_path, *({"id": str(i), "text": "one two", "subject": "trades"} for i in range(3)))
    book = asked(Benchmark(name="book", task=task({"kind": "perplexity"}), data="x"), texts)
    assert {"book.perplexity.trades", "book.nats_per_token.trades"} <= set(book.figures)
    fits(book)
    sums = rows(tmp_path, {"question": "?", "answer": "4", "subject": 7})
    kept = asked(Benchmark(name="sums", task=Generate(kind="generate"), data="x"), sums)
    assert "sums.exact_match.7" in kept.figures


def test_a_judged_set_has_its_score_by_subject() -> None:
    samples = _samples(6, subject="law")
    outcome = judged.score(STYLE, samples, judged.author_replies(samples), rubric=RUBRIC, judge=RubricChecks(RUBRIC))
    assert by_name(outcome.metrics)["style.score.law"].slice == "law"
    same = _samples(6, subject="so")
    with pytest.raises(DataError, match=r"style\.score\.so  is a criterion of the rubric r"):
        judged.score(STYLE, same, judged.author_replies(same), rubric=RUBRIC, judge=RubricChecks(RUBRIC))


def test_a_slice_cannot_be_called_as_another_figure_and_texts_make_none(tmp_path: Path) -> None:
    entry = Benchmark(name="facts", task=task({"kind": "multiple_choice"}), data="x")
    with pytest.raises(DataError, match=r"facts\.accuracy  cannot have a slice called 'macro'"):
        asked(entry, rows(tmp_path, {**OPTIONS, "subject": "macro"}))
    emails = rows(tmp_path, *({**OPTIONS, "id": str(i), "subject": f"Re: letter {i}"} for i in range(101)))
    assert asked(entry, emails).figures == ("facts.accuracy",)


# direction, scale, and what nobody declared


def test_a_task_of_ones_own_can_say_that_less_is_better(tmp_path: Path) -> None:
    slang = task({"kind": "generate", "metric": "contains", "higher_is_better": False})
    entry = Benchmark(name="slang", task=slang, data="x")
    outcome = asked(entry, rows(tmp_path, {"question": "?", "answer": "A"}))
    assert [m.direction for m in outcome.metrics] == ["lower"]
    assert MultipleChoice(kind="multiple_choice", higher_is_better=False).metrics[0].direction == "lower"


@pytest.mark.parametrize(("direction", "lost"), [("higher", 0.25), ("lower", 0.0)])
def test_flips_are_losses_in_the_benchmarks_own_direction(direction: Direction, lost: float) -> None:
    metric = Metric("facts.accuracy", "facts", direction)
    sides = [
        Results(name, scores={metric.name: dict(enumerate_(scores))}, metrics={metric.name: metric})
        for name, scores in (("base", [1.0, 1.0, 1.0, 0.0]), ("mine", [0.0, 1.0, 1.0, 0.0]))
    ]
    probe = plugins.find("probes")["flips"].model_validate_json('{"probe": "flips", "of": ["facts"]}')
    assert next(found.value for found in probe.measure(*sides).results) == lost


def enumerate_(scores: Sequence[float]) -> list[tuple[str, float]]:
    return [(str(at), score) for at, score in enumerate(scores)]


class Odd(MultipleChoice):
    """A task that yields a figure which it does not declare, or one beyond its scale."""

    figure: str = "oddness"
    value: float = 0.5

    def score(self, sample: Sample, reply: Any) -> tuple[Score, ...]:
        return (*super().score(sample, reply), Score(sample.id, self.figure, self.value))


def test_a_figure_that_a_task_does_not_declare_is_named(tmp_path: Path) -> None:
    entry = Benchmark.model_construct(name="facts", task=Odd(kind="multiple_choice"), data="x", limit=None)
    with pytest.raises(EvalsuiteError, match="facts  yields the figure 'oddness' without saying what it is"):
        asked(entry, rows(tmp_path, OPTIONS))


def test_a_score_beyond_the_declared_scale_is_named(tmp_path: Path) -> None:
    beyond = Odd(kind="multiple_choice", figure="accuracy", value=7.0)
    entry = Benchmark.model_construct(name="facts", task=beyond, data="x", limit=None)
    with pytest.raises(EvalsuiteError, match=r"facts.accuracy  is 7 for sample 1, .* between 0.0 and 1.0"):
        asked(entry, rows(tmp_path, OPTIONS))


def test_the_suite_says_before_it_runs_what_it_will_measure() -> None:
    suite = Suite.model_validate_json(
        json.dumps(
            {
                "schema_version": 1, "name": "s",
                "benchmarks": [{"name": "facts", "task": {"kind": "multiple_choice"}, "data": "x"},
                               {"name": "book", "task": {"kind": "perplexity"}, "data": "x"}],
                "judged": [{"name": "style", "data": "x", "rubric": "r", "judge": "strict"}],
                "pairings": [{"name": "duel", "of": "style", "rubric": "r", "judge": "strict"}],
                "probes": [{"probe": "flips", "of": ["facts"]}, {"probe": "calibration", "of": ["facts"]}],
            }
        )
    )  # fmt: skip
    metrics = suite.metrics({"r": RUBRIC}, served=True)
    directions = {
        "book.perplexity": "lower", "facts.accuracy": "higher", "facts.accuracy.trades": "higher",
        "book.nats_per_token.trades": "lower", "facts.letter_accuracy": "higher", "flips.facts": "lower",
        "style.score.so": "higher", "style.fidelity": "higher", "duel.length_ratio": "neither",
        "latency.style": "lower", "overlap.book": "lower", "judge.strict.unparsed": "lower",
        "judge.strict.agreement.so": "higher",
        "calibration.facts.ece": "lower",
    }  # fmt: skip
    found = {name: declaration(name, metrics) for name in directions}
    assert {name: its.direction for name, its in found.items() if its is not None} == directions
    assert declaration("calibration.facts.confidence", metrics) is None, "a working figure is no measure"
    assert declaration("facts.acuracy", metrics) is None
