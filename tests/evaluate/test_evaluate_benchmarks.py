"""Published benchmarks: the worked item of each docstring, its prompt to the letter, and what malformed data gets."""

from __future__ import annotations

import json
from math import exp
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from evalsuite.errors import DataError
from evalsuite.evaluate.scoring import benchmark
from evalsuite.evaluate.scoring.prompting import Prompting
from evalsuite.evaluate.tasks.arc import Arc
from evalsuite.evaluate.tasks.bbh import Bbh
from evalsuite.evaluate.tasks.generate import Generate
from evalsuite.evaluate.tasks.hellaswag import HellaSwag
from evalsuite.evaluate.tasks.mmlu import Mmlu
from evalsuite.evaluate.tasks.mmlu_pro import MmluPro
from evalsuite.evaluate.tasks.multiple_choice import MultipleChoice
from evalsuite.evaluate.tasks.perplexity import Perplexity
from evalsuite.evaluate.tasks.truthfulqa import TruthfulQa
from evalsuite.evaluate.tasks.winogrande import WinoGrande
from evalsuite.models.scripted import ScriptedModel
from evalsuite.records import Completion, LogLikelihood, Message, Outcome, Prompt, Rendered, Sample, Score
from evalsuite.spec.suite import Benchmark

HYOID = {
    "question": "What is the embryological origin of the hyoid bone?",
    "choices": ["The first arch", "The first and second", "The second arch", "The second and third"],
    "answer": 3,
}
HYOID_ASKED = (
    "What is the embryological origin of the hyoid bone?\nA. The first arch\nB. The first and second\n"
    "C. The second arch\nD. The second and third\nAnswer:"
)
ABOUT = "The following are multiple choice questions (with answers) about anatomy.\n\n"


def rows(file: Path, *of: Any) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(row) + "\n" for row in of), encoding="utf-8")
    return file


def weighed(*values: float) -> tuple[LogLikelihood, ...]:
    return tuple(LogLikelihood(value, 1) for value in values)


def said(text: str) -> Completion:
    return Completion(text, 1, 1, "stop")


def scores(task: Any, sample: Sample, reply: Any) -> dict[str, float | None]:
    return {score.metric: score.value for score in task.score(sample, reply)}


def ask(task: Any, data: Path, model: ScriptedModel, examples: Path | None = None) -> Outcome:
    entry = Benchmark(name="own", task=task, data="x")
    samples = benchmark.samples_of(entry, data, seed=0, examples=examples)
    return benchmark.score(entry, samples, model=model, adapter=None)


def test_mmlu_asks_for_a_letter_after_examples_of_the_subject(tmp_path: Path) -> None:
    data = rows(tmp_path / "test" / "anatomy_test.jsonl", HYOID)
    shown = {"question": "Two plus two? ", "choices": ["4", "5", "6", "7"], "answer": "A"}
    rows(tmp_path / "dev" / "anatomy_dev.jsonl", shown)
    rows(tmp_path / "dev" / "virology_dev.jsonl", HYOID)
    task = Mmlu(kind="mmlu", prompt=Prompting(shots=1))
    (sample,) = task.samples(data.parent, tmp_path / "dev")
    assert (sample.id, sample.subject, sample.target, sample.right) == ("anatomy/1", "anatomy", "D", (3,))
    wanted = f"{ABOUT}Two plus two?\nA. 4\nB. 5\nC. 6\nD. 7\nAnswer: A\n\n{HYOID_ASKED}"
    assert sample.prompt == Prompt.raw(wanted)
    assert sample.pairs == tuple((sample.prompt, f" {letter}") for letter in "ABCD")
    assert scores(task, sample, weighed(-3, -2, -4, -1)) == {"accuracy": 1.0}
    assert scores(task, sample, weighed(-1, -2, -4, -1)) == {"accuracy": 0.0}


@pytest.mark.parametrize(
    ("turns", "wanted"),
    [
        (False, (Message("system", ABOUT), Message("user", f"{HYOID_ASKED} D\n\n{HYOID_ASKED}"))),
        (True, (Message("system", ABOUT), Message("user", HYOID_ASKED), Message("assistant", "D"),
                Message("user", HYOID_ASKED))),
    ],
)  # fmt: skip
def test_in_a_chat_examples_are_one_message_or_turns(turns: bool, wanted: Any, tmp_path: Path) -> None:
    data = rows(tmp_path / "test" / "anatomy.jsonl", HYOID).parent
    dev = rows(tmp_path / "dev" / "anatomy.jsonl", HYOID).parent
    task = Mmlu(kind="mmlu", prompt=Prompting(shots=1, chat=True, turns=turns))
    (sample,) = task.samples(data, dev)
    assert sample.prompt == Prompt(messages=wanted)
    assert [text for _, text in sample.pairs] == ["A", "B", "C", "D"]


def test_mmlu_as_cloze_and_from_one_file_with_subjects(tmp_path: Path) -> None:
    file = tmp_path / "all.csv"
    file.write_text("subject,question,A,B,C,D,answer\nlaw,Who?,you,I,she,we all,D\nlaw,Why?,a,b,c,d,1\n")
    task = Mmlu(kind="mmlu", style="cloze", prompt=Prompting(shots=0))
    first, second = task.samples(file)
    assert first.prompt == Prompt.raw("Question: Who?\nAnswer:")
    assert (first.choices, first.target, second.target) == (("you", "I", "she", "we all"), "we all", "b")
    assert scores(task, first, weighed(-3, -2.5, -2.4, -3)) == {"accuracy": 0.0, "accuracy_norm": 1.0}


def test_figures_by_subject_and_over_subjects(tmp_path: Path) -> None:
    for subject, answers in {"law": [0, 0, 0], "virology": [0, 1]}.items():
        rows(
            tmp_path / f"{subject}.jsonl", *({**HYOID, "question": f"{n}?", "answer": a} for n, a in enumerate(answers))
        )
    model = ScriptedModel(lambda prompt, adapter: "A")
    outcome = ask(Mmlu(kind="mmlu", prompt=Prompting(shots=0)), tmp_path, model)
    found = {result.metric: (result.value, result.n) for result in outcome.results}
    assert found == {
        "own.accuracy": (0.8, 5),
        "own.accuracy.macro": (0.75, 5),
        "own.accuracy.law": (1.0, 3),
        "own.accuracy.virology": (0.5, 2),
    }
    whole, macro = outcome.results[:2]
    assert (whole.detail, macro.detail) == ("micro: each of 5 items counts the same", "the mean of 2 subjects")
    assert macro.low is not None
    assert macro.low < 0.75


def test_the_sizes_of_one_bbh_task_are_one_in_the_macro_mean(tmp_path: Path) -> None:
    for name, answer in {
        "navigate": "No",
        "logical_deduction_three_objects": "(A)",
        "logical_deduction_five_objects": "No",
    }.items():
        rows(tmp_path / f"{name}.jsonl", {"input": f"{name}?", "target": answer})
    outcome = ask(Bbh(kind="bbh"), tmp_path, ScriptedModel(lambda prompt, adapter: "No"))
    found = {result.metric: result.value for result in outcome.results}
    assert found["own.exact_match_strict"] == pytest.approx(2 / 3)
    assert found["own.exact_match_strict.macro"] == 0.75


def test_mmlu_pro_reasons_and_reads_the_letter(tmp_path: Path) -> None:
    row = {"question": "Order?", "options": ["30", " 3 ", "12"], "answer": "C", "category": "math"}
    solved = {**row, "question": "Sum?", "cot_content": "A: Let's think step by step. It is 3. The answer is (B)."}
    task = MmluPro(kind="mmlu_pro", prompt=Prompting(shots=1))
    (sample,) = task.samples(rows(tmp_path / "test.jsonl", row), rows(tmp_path / "dev.jsonl", solved))
    assert sample.prompt.shown == (
        "The following are multiple choice questions (with answers) about math. Think step by step and then finish "
        'your answer with "the answer is (X)" where X is the correct letter choice.\n'
        "Question:\nSum?\nOptions:\nA. 30\nB. 3\nC. 12\n"
        "Answer: Let's think step by step. It is 3. The answer is (B).\n\n"
        "Question:\nOrder?\nOptions:\nA. 30\nB. 3\nC. 12\nAnswer: Let's think step by step."
    )
    assert scores(task, sample, said("So the answer is (C).")) == {"exact_match": 1.0}
    assert task.score(sample, said("It is C")) == (
        Score(sample.id, "exact_match", 0.0, "unparsed: no 'answer is X' in the reply"),
    )
    letters = MmluPro(kind="mmlu_pro", style="letters", prompt=Prompting(shots=0))
    (sample,) = letters.samples(rows(tmp_path / "test.jsonl", row))
    assert scores(letters, sample, weighed(-2, -3, -1)) == {"accuracy": 1.0}
    assert (letters.sampling, [m.name for m in letters.metrics], sample.subject) == (None, ["accuracy"], "math")


def test_arc(tmp_path: Path) -> None:
    row = {"id": "M_4", "question": "Which is newest?", "answerKey": "2",
           "choices": {"text": ["a telephone", "TV"], "label": ["1", "2"]}}  # fmt: skip
    (sample,) = Arc(kind="arc").samples(rows(tmp_path / "arc.jsonl", row))
    assert (sample.id, sample.prompt.shown, sample.target) == ("M_4", "Question: Which is newest?\nAnswer:", "TV")
    assert scores(Arc(kind="arc"), sample, weighed(-6, -4)) == {"accuracy": 1.0, "accuracy_norm": 0.0}


def test_hellaswag_cleans_and_clusters(tmp_path: Path) -> None:
    row = {"activity_label": "Roof repair", "ctx_a": "A man is on a roof.", "ctx_b": "he", "label": "1",
           "endings": ["sings [substeps] low.", "is ripping [title] tiles off."], "source_id": "v_1"}  # fmt: skip
    (sample,) = HellaSwag(kind="hellaswag").samples(rows(tmp_path / "h.jsonl", row))
    assert (sample.prompt.shown, sample.group) == ("Roof repair: A man is on a roof. He", "v_1")
    assert sample.choices == ("sings low.", "is ripping. tiles off.")
    assert scores(HellaSwag(kind="hellaswag"), sample, weighed(-3, -4)) == {"accuracy": 0.0, "accuracy_norm": 1.0}


def test_winogrande_weighs_what_follows_each_reading(tmp_path: Path) -> None:
    row = {"sentence": "Sarah was better than Maria so _ got the easier cases.", "option1": "Sarah",
           "option2": "Maria", "answer": "2"}  # fmt: skip
    file = rows(tmp_path / "w.jsonl", row)
    asked: list[tuple[str, str]] = []

    def likelihood(prompt: Prompt, text: str, adapter: Any) -> float:
        asked.append((prompt.shown, text))
        return -1.0 if prompt.shown.endswith("Maria") else -2.0

    outcome = ask(WinoGrande(kind="winogrande"), file, ScriptedModel(lambda prompt, adapter: "", likelihood))
    start = "Sarah was better than Maria so "
    assert asked == [(f"{start}Sarah", " got the easier cases."), (f"{start}Maria", " got the easier cases.")]
    assert [score.value for score in outcome.scores] == [1.0]
    assert outcome.replies[0].text == "Maria"


def test_truthfulqa(tmp_path: Path) -> None:
    targets = {"choices": ["true", "false"], "labels": [1, 0]}
    file = rows(tmp_path / "t.jsonl", {"question": "Smallest?", "mc1_targets": targets, "mc2_targets": targets})
    mc1, mc2 = (TruthfulQa(kind="truthfulqa", targets=way) for way in ("mc1", "mc2"))
    (sample,) = mc2.samples(file)
    assert sample.prompt.shown.startswith("Q: What is human life expectancy in the United States?\nA: Human")
    assert sample.prompt.shown.endswith("held in Barcelona, Spain.\n\nQ: Smallest?\nA:")
    assert scores(mc2, sample, weighed(-1, -2)) == {"mc2": pytest.approx(exp(-1) / (exp(-1) + exp(-2)))}
    assert scores(mc2, sample, weighed(-2000, -2001))["mc2"] == pytest.approx(0.7310586)
    assert scores(mc1, mc1.samples(file)[0], weighed(-1, -2)) == {"mc1": 1.0}


@pytest.mark.parametrize(
    ("style", "reply", "strict", "flexible"),
    [
        ("direct", "No", 1.0, 1.0), ("direct", " No.", 0.0, 1.0), ("direct", "Yes", 0.0, 0.0), ("direct", "", 0.0, 0.0),
        ("reasoned", "We turn. So the answer is No.", 1.0, 1.0), ("reasoned", "So the answer is No", 0.0, 1.0),
        ("reasoned", "No", 0.0, 0.0), ("reasoned", "the answer is Yes. No: the answer is No.\nQ", 0.0, 1.0),
    ],
)  # fmt: skip
def test_bbh_reads_strictly_and_flexibly(
    style: Any, reply: str, strict: float, flexible: float, tmp_path: Path
) -> None:
    task = Bbh(kind="bbh", style=style, descriptions={"navigate": "Navigate.\n\n"})
    file = tmp_path / "bbh" / "navigate.json"
    file.parent.mkdir()
    file.write_text(json.dumps({"canary": "keep out", "examples": [{"input": "Home?", "target": "No"}]}))
    (sample,) = task.samples(file.parent)
    steps = " Let's think step by step.\n" if style == "reasoned" else ""
    assert sample.prompt.shown == f"Navigate.\n\nQ: Home?\nA:{steps}"
    assert scores(task, sample, said(reply)) == {"exact_match_strict": strict, "exact_match_flexible": flexible}


def test_perplexity_is_a_ratio_of_sums(tmp_path: Path) -> None:
    """NLL 2.1, .4, 1.3, 3, .2 per token give perplexity 4.0552, however the tokens are cut into texts."""
    file = rows(tmp_path / "texts.jsonl", {"text": "a b c"}, {"text": "d e"})
    nats = {"a b c": 3.8, "d e": 3.2}
    model = ScriptedModel(lambda prompt, adapter: "", lambda prompt, text, adapter: -nats[text])
    outcome = ask(Perplexity(kind="perplexity"), file, model)
    found = {result.metric: result for result in outcome.results}
    assert found["own.nats_per_token"].value == pytest.approx(7.0 / 5)
    assert found["own.perplexity"].value == pytest.approx(4.0552, abs=1e-4)
    assert found["own.bits_per_byte"].value == pytest.approx(7.0 / 0.6931471805599453 / 8)
    low, high = found["own.perplexity"].low, found["own.perplexity"].high
    assert low is not None
    assert high is not None
    assert low < 4.0552 < high


def test_one_text_has_a_perplexity_and_no_interval(tmp_path: Path) -> None:
    file = rows(tmp_path / "texts.jsonl", {"text": "a b c"})
    model = ScriptedModel(lambda prompt, adapter: "", lambda prompt, text, adapter: -6.0)
    found = {result.metric: result for result in ask(Perplexity(kind="perplexity"), file, model).results}
    assert (found["own.nats_per_token"].value, found["own.nats_per_token"].low, found["own.perplexity"].high) == (
        2.0,
        None,
        None,
    )


def test_your_own_multiple_choice_by_letters_with_examples(tmp_path: Path) -> None:
    item = {"passage": "Mara lives in Lome.", "question": "Where?", "choices": ["Oakton", "Lome"], "answer": 1}
    task = MultipleChoice(
        kind="multiple_choice", template="{passage}\n{question}\n{options}\nAnswer:", score_as="letters",
        prompt=Prompting(shots=1, chat=False),
    )  # fmt: skip
    (sample,) = task.samples(rows(tmp_path / "a.jsonl", item), rows(tmp_path / "b.jsonl", {**item, "answer": 0}))
    asked = "Mara lives in Lome.\nWhere?\nA. Oakton\nB. Lome\nAnswer:"
    assert sample.prompt == Prompt.raw(f"{asked} A\n\n{asked}")
    assert scores(task, sample, weighed(-2, -1)) == {"accuracy": 1.0}
    with pytest.raises(ValidationError, match="in the template, or the model sees no letters"):
        MultipleChoice(kind="multiple_choice", score_as="letters")


@pytest.mark.parametrize(
    ("options", "answer", "reply", "value"),
    [
        ({"metric": "contains"}, "Lome", "She lives in LOME, I think.", 1.0),
        ({"metric": "contains"}, "Lome", "In Oakton.", 0.0),
        ({"metric": "regex"}, r"^(yes|sure)\b", "yes, of course", 1.0),
        ({"metric": "regex"}, r"^(yes|sure)\b", "no", 0.0),
        ({"metric": "numeric", "tolerance": 0.01}, "3.14", "about 3.1416", 1.0),
        ({"metric": "numeric"}, "3.14", "about 3.1416", 0.0),
        ({"metric": "f1"}, "a red bus", "the red car", 0.5),
        ({"metric": "exact_match", "extract": "all"}, ["Lome", "Lomé"], "lomé", 1.0),
        ({"metric": "regex"}, "(a|aa)+$", "a" * 60 + "!", None),
    ],
)
def test_your_own_generation_by_metric(
    options: Any, answer: Any, reply: str, value: float | None, tmp_path: Path
) -> None:
    task = Generate(kind="generate", **options)
    (sample,) = task.samples(rows(tmp_path / "a.jsonl", {"question": "?", "answer": answer}))
    assert scores(task, sample, said(reply)) == {task.metric: value}


ALONE = Mmlu(kind="mmlu", prompt=Prompting(shots=0))
BROKEN = {
    "mmlu": (ALONE, HYOID, {"answer": "E"}, "'answer' must be the right option's letter"),
    "options": (ALONE, HYOID, {"choices": ["one"]}, "'choices' must be a list of at least two texts"),
    "gap": (
        WinoGrande(kind="winogrande"), {"sentence": "a _ b", "option1": "x", "option2": "y", "answer": "1"},
        {"sentence": "no gap"}, "'sentence' must have a gap",
    ),
    "bad expression": (
        Generate(kind="generate", metric="regex"), {"question": "?", "answer": "a"}, {"answer": "("},
        "'answer' is not a regular expression",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_malformed_item_is_told_with_its_line(name: str, tmp_path: Path) -> None:
    task, row, change, message = BROKEN[name]
    file = rows(tmp_path / "broken.jsonl", row, {**row, **change})
    with pytest.raises(DataError) as refused:
        task.samples(file)
    assert str(refused.value).startswith(f"{file}:2  {message}")


def test_examples_that_are_missing_or_too_few_are_told(tmp_path: Path) -> None:
    file = rows(tmp_path / "a.jsonl", HYOID)
    with pytest.raises(DataError, match="5 examples are to be shown before each item, and the benchmark names none"):
        Mmlu(kind="mmlu").samples(file)
    with pytest.raises(DataError, match="5 examples are to be shown before it, and there are 0"):
        Mmlu(kind="mmlu").samples(file, file)


def test_an_item_is_never_its_own_example(tmp_path: Path) -> None:
    file = rows(tmp_path / "a.jsonl", *({**HYOID, "question": f"{n}?"} for n in range(4)))
    for select in ("first", "random"):
        task = Mmlu(kind="mmlu", style="cloze", prompt=Prompting(shots=3, select=select))
        for number, sample in enumerate(task.samples(file, file)):
            shown = sample.prompt.shown.split("\n\n")
            assert sorted(shown[:-1]) == sorted(
                f"Question: {n}?\nAnswer: The second and third" for n in range(4) if n != number
            )


def test_prompts_are_kept_as_the_model_saw_them(tmp_path: Path) -> None:
    outcome = ask(Arc(kind="arc"), rows(tmp_path / "a.jsonl", {
        "id": "1", "question": "Who?", "answerKey": "A", "choices": {"text": ["I", "you"], "label": ["A", "B"]},
    }), ScriptedModel(lambda prompt, adapter: "I"))  # fmt: skip
    assert outcome.rendered == {"1": Rendered("Question: Who?\nAnswer:", (0, 1, 2), ("Question:", "Who?", "Answer:"))}
