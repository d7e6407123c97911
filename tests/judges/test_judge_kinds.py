"""Every kind of judge keeps what the protocol promises, and is known by what it was always known by."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from evalsuite import plugins
from evalsuite.data.digest import digest
from evalsuite.plan.digests import judge_digest
from evalsuite.records import Completion, Item, Pair, Prompt, Sampling, Usage
from evalsuite.spec.document import validate
from evalsuite.spec.judge import JudgeFile
from evalsuite.spec.judging import Judge, ResolvedJudge, Workload
from evalsuite.spec.loading.load import load_judge
from evalsuite.spec.loading.yaml_reader import read_text
from evalsuite.spec.rubric import Criterion, LengthCheck, Rubric

HEAD = "schema_version: 1\nname: j\n"
DOCUMENTS = {
    "offline": HEAD + "kind: offline\n",
    "endpoint": HEAD + "kind: endpoint\nendpoint: http://x:1/v1\nmodel: m\nprompt_price: 1\ncompletion_price: 2\n",
    "vllm": HEAD + "kind: vllm\nmodel: m\n",
    "hf": HEAD + "kind: hf\nmodel: owner/name\n",
    "panel": HEAD + "kind: panel\njudges: [offline, vllm-local]\n",
}
RUBRIC = Rubric(
    schema_version=1,
    name="r",
    criteria=(
        Criterion(
            name="brief",
            description="Brief.",
            anchors={"1": "no", "5": "yes"},
            check=LengthCheck(kind="length", at_most=3),
        ),
    ),
)


def resolved(folder: Path, text: str) -> ResolvedJudge:
    (folder / "judges").mkdir(exist_ok=True)
    (folder / "judges" / "j.yaml").write_text(text, encoding="utf-8")
    return load_judge("j", beside=folder / "x.yaml")


def example(name: str) -> Any:
    """A module of the package that stands for packages outside."""
    file = Path(__file__).parents[1] / "plugin_example" / "evalsuite_plugin_example" / f"{name}.py"
    found = spec_from_file_location(f"example_{name}", file)
    assert found is not None
    assert found.loader is not None
    module = module_from_spec(found)
    sys.modules[found.name] = module
    found.loader.exec_module(module)
    return module


def promised(judge: object) -> list[str]:
    """What the protocol names and the judge has not."""
    return [name for name in vars(Judge) if not name.startswith("_") and not hasattr(judge, name)]


def five(prompts: Sequence[Prompt], sampling: Sampling) -> list[Completion]:
    """Gives 5, and prefers what stands first."""
    grade, choice = {"brief": {"reason": "r", "score": 5}}, {"reason": "r", "better": "first"}
    texts = (json.dumps(choice if '"better"' in prompt.shown else grade) for prompt in prompts)
    return [Completion(text, 10, 100, "stop") for text in texts]


def test_a_document_is_here_for_every_kind() -> None:
    assert set(DOCUMENTS) == set(plugins.find("judges"))


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_a_kind_has_all_that_the_protocol_names(kind: str) -> None:
    judge = validate(JudgeFile, read_text(DOCUMENTS[kind], file="j.yaml")).root
    assert promised(judge) == []


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_a_kind_is_known_priced_and_asked_by_its_document_alone(kind: str, tmp_path: Path) -> None:
    its = resolved(tmp_path, DOCUMENTS[kind])
    assert its.judge.kind == kind
    assert digest("judge", its.identity) == judge_digest(its)
    one, two = (its.judge.cost(its, Workload(RUBRIC, calls=n, characters=400 * n, said=60)) for n in (1, 2))
    assert (one.calls, two.calls) == (len(its.seats), 2 * len(its.seats))
    assert (one.money > 0) == (kind == "endpoint")
    assert its.cannot_grade(RUBRIC) is None
    grader = its.judge.grader(its, RUBRIC, ask_of=lambda member: five, repeat=0)
    (judgment,) = grader.grade([Item("?", "brief")])
    assert judgment.scores == {"brief": 5.0}
    assert [chosen.choice for chosen in grader.prefer([Pair("?", "brief", "not brief at all")])] == ["first"]
    assert judgment.usage == Usage(1, 100, 10, judgment.usage.money) or kind == "offline"


def test_only_a_judge_with_members_that_need_checks_cannot_grade_without_them(tmp_path: Path) -> None:
    bare = RUBRIC.model_copy(update={"criteria": (RUBRIC.criteria[0].model_copy(update={"check": None}),)})
    why: dict[str, Any] = {kind: resolved(tmp_path, text).cannot_grade(bare) for kind, text in DOCUMENTS.items()}
    told = "the offline judge cannot grade brief: no `check` in the rubric"
    assert why == {"offline": told, "panel": told, "endpoint": None, "vllm": None, "hf": None}


# As evalsuite 0.1 wrote them into stores: health, labels and judged steps are kept by them.
KNOWN = {
    "offline": "dbf93fe5c8d8e5a9869003601f438767f3e961bc2a7790908de0a458a70ef754",
    "ollama": "6467937d13911d86a9b533b67ea777ab61ddc90ead04c08ead379338300d2566",
    "openai": "2a8340ffce56a256aa6f2b97fcfa67be167f9e707bbb5178b779d5ac3cbfa899",
    "panel": "8f3d5249fadc02e326a3ce9a62fcf7694bd7aa2ee7d21db7a8d2333122a36989",
    "vllm-local": "8fdb26916110ca942e4269c6c3ca7bce9ba94bd7fd9a08da46d888bcb114a081",
}


@pytest.mark.parametrize("name", KNOWN)
def test_a_shipped_judge_has_the_digest_that_stores_know_it_by(name: str) -> None:
    assert judge_digest(load_judge(name, beside=Path("nowhere/x.yaml"))) == KNOWN[name]


def test_a_model_in_process_has_the_digest_that_stores_know_it_by(tmp_path: Path) -> None:
    hub = resolved(tmp_path, DOCUMENTS["hf"] + "revision: abc\ntemperature: 0.5\nsamples: 3\n")
    assert judge_digest(hub) == "a26da6cd46a3062b570380eda18043957f88993a70514f0c8318b23021308fe1"
    local = resolved(tmp_path, HEAD + "kind: hf\nmodel: quickstart\n")
    named = local.judge.base_model
    assert named is not None
    assert named.id == "quickstart"
    # A folder is known by its weights.
    assert len(dict(local.identity)["model"]) == 64


def test_a_kind_of_another_package_is_held_to_the_same_protocol(tmp_path: Path) -> None:
    kind = example("word_limit").WordLimit
    judge: Judge = kind(schema_version=1, name="brief", kind="word_limit", at_most=3)
    assert promised(judge) == []
    its = ResolvedJudge(judge, tmp_path / "brief.yaml")
    assert digest("judge", its.identity) != digest("judge", ResolvedJudge(kind(
        schema_version=1, name="brief", kind="word_limit", at_most=4), tmp_path / "brief.yaml").identity)  # fmt: skip
    grader = judge.grader(its, RUBRIC, ask_of=lambda member: five, repeat=0)
    assert [one.scores for one in grader.grade([Item("?", "one two three"), Item("?", "one two three four")])] == [
        {"brief": 5.0},
        {"brief": 1.0},
    ]
    assert [one.choice for one in grader.prefer([Pair("?", "a b c d", "a"), Pair("?", "a", "b")])] == ["second", "tie"]
