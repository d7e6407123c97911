"""Judge documents: five kinds, their prompts, panels; what they are known by, and every mistake with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_project import SUITE, Project

from evalsuite.errors import DocumentError
from evalsuite.spec.document import validate
from evalsuite.spec.judge import JudgeFile
from evalsuite.spec.judging import Judge, ResolvedJudge, fill, read_prompt
from evalsuite.spec.loading.load import load_judge, load_rubric, load_specs
from evalsuite.spec.loading.yaml_reader import read_text

ROOT = Path(__file__).resolve().parents[2]
HEAD = "schema_version: 1\nname: j\n"
SERVED = HEAD + "kind: endpoint\nendpoint: http://localhost:1/v1\nmodel: m\n"
PROMPT = "# grade\n$rubric $question $reply $form\n# prefer\n$rubric $question $first $second $form\n"


def judge(text: str) -> Judge:
    return validate(JudgeFile, read_text(text, file="j.yaml")).root


def problem(text: str) -> str:
    with pytest.raises(DocumentError) as found:
        judge(text)
    return str(found.value)


def test_a_vllm_judge_is_an_endpoint_on_this_machine_that_costs_nothing() -> None:
    found: Any = judge(HEAD + "kind: vllm\nmodel: m\n")
    assert (found.endpoint, found.prompt_price, found.completion_price) == ("http://localhost:8000/v1", 0.0, 0.0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SERVED + "samples: 3\n", "several samples at temperature 0"),
        (SERVED + "api_key: sk-123\n", "unknown key; did you mean 'api_key_env'?"),
        (SERVED + "temprature: 1\n", "unknown key; did you mean 'temperature'?"),
        (HEAD + "kind: hf\n", "model  is missing"),
        (HEAD + "kind: panel\njudges: [one]\n", "at least 2 items"),
        (HEAD + "kind: panel\njudges: [one, one]\n", "'one' sits on the panel twice"),
        (HEAD + "kind: offline\nmodel: m\n", "unknown key"),
        (SERVED + "required: {agreement: 2}\n", "less than or equal to 1"),
    ],
)
def test_a_mistake_in_a_judge_is_named_with_what_to_do(text: str, words: str) -> None:
    assert words in problem(text)


def test_a_judge_is_known_by_what_decides_its_answers_and_by_nothing_else(tmp_path: Path) -> None:
    prompt = tmp_path / "default.md"
    prompt.write_text(PROMPT)

    def identity(more: str = "", text: str = SERVED) -> Any:
        return ResolvedJudge(judge(text + more), tmp_path / "j.yaml", read_prompt(prompt)).identity

    same = ("description: d\n", "api_key_env: KEY\n", "requests_per_minute: 9\n", "required: {agreement: 0.5}\n")
    other = ("temperature: 1\n", "seed: 2\n", "max_tokens: 99\n", "top_logprobs: 5\n", "parameters: {top_p: 0.5}\n")
    assert all(identity(more) == identity() for more in same)
    assert all(identity(more) != identity() for more in other)
    before = identity()
    assert identity(text=SERVED.replace("name: j", "name: k")) == before
    prompt.write_text(PROMPT.replace("$reply", "Be strict. $reply"))
    assert identity() != before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Judge it.", "# grade  is missing"),
        (PROMPT.replace("$reply", ""), "# grade  does not show `$reply`; add it"),
        (PROMPT.replace("$first", "$frist"), "# prefer  `$frist` is not known here"),
        (PROMPT.replace("$reply", "$reply for 5 $"), "# grade  has a lone `$`"),
    ],
)
def test_a_prompt_must_show_all_and_name_nothing_else(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "p.md").write_text(text)
    with pytest.raises(DocumentError, match=r"p\.md") as found:
        read_prompt(tmp_path / "p.md")
    assert words in str(found.value)


@given(st.text(max_size=40))
def test_what_a_value_holds_is_never_read_as_a_placeholder(value: str) -> None:
    assert fill("<$reply>$$", reply=value + "$question ${form} $$") == f"<{value}$question ${{form}} $$>$"


def test_a_panel_finds_its_members_beside_itself_with_their_prompts(tmp_path: Path) -> None:
    folder = tmp_path / "judges"
    (folder / "prompts").mkdir(parents=True)
    (folder / "prompts" / "strict.md").write_text(PROMPT)
    (folder / "a.yaml").write_text(SERVED.replace("name: j", "name: a") + "prompt: strict\n")
    (folder / "p.yaml").write_text("schema_version: 1\nname: p\nkind: panel\njudges: [a, offline]\n")
    found = load_judge("p", beside=tmp_path / "x.yaml")
    assert [seat.judge.name for seat in found.seats] == ["a", "offline"]
    assert found.seats[0].prompt == read_prompt(folder / "prompts" / "strict.md")
    assert load_judge(str(folder / "p.yaml"), beside=Path("x")) == found
    suite = tmp_path / "p.yaml"
    suite.write_text("schema_version: 1\nname: p\nbenchmarks: []\n")
    assert load_judge("p", beside=tmp_path / "x.yaml") == found
    with pytest.raises(DocumentError, match=r"p\.yaml  is a suite, and a judge is wanted here"):
        load_judge(str(suite), beside=Path("x"))


def test_a_panel_with_a_judge_that_is_not_there_or_is_a_panel_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "judges"
    folder.mkdir()
    (folder / "p.yaml").write_text("schema_version: 1\nname: p\nkind: panel\njudges: [nobody, q]\n")
    (folder / "q.yaml").write_text("schema_version: 1\nname: q\nkind: panel\njudges: [offline, p]\n")
    with pytest.raises(DocumentError) as found:
        load_judge("p", beside=tmp_path / "x.yaml")
    assert "p.yaml:4  judges.0  no judge 'nobody'" in str(found.value)
    assert "p.yaml:4  judges.1  'q' is itself a panel" in str(found.value)


def test_a_suite_names_a_judge_whose_prompt_is_not_there(project: Project) -> None:
    project.write("judges/j.yaml", SERVED + "prompt: gone\n")
    project.write(
        "suites/small.yaml", SUITE + "judged: [{name: style, data: data/facts.jsonl, rubric: helpfulness, judge: j}]\n"
    )
    with pytest.raises(DocumentError, match=r"j\.yaml:6  prompt  no prompt 'gone'; looked for"):
        load_specs([project.spec])


def test_the_shipped_judges_are_of_every_kind_but_hf_and_can_be_loaded() -> None:
    names = sorted(file.stem for file in (ROOT / "judges").glob("*.yaml"))
    found = [load_judge(name, beside=Path("nowhere/x.yaml")) for name in names]
    assert [one.judge.kind for one in found] == ["offline", "endpoint", "endpoint", "panel", "vllm"]
    assert not any("key" in str(seat.identity).lower() for one in found for seat in one.seats)


def test_the_russian_rubric_has_the_traits_and_scales_of_the_english_one() -> None:
    english, russian = (load_rubric(name, beside=Path("x")) for name in ("reasoning-style", "reasoning-style-ru"))
    assert russian.language == "ru"
    assert [(c.name, c.weight, c.scale) for c in english.criteria] == [
        (c.name, c.weight, c.scale) for c in russian.criteria
    ]
