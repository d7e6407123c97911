"""Teachers behind a server: what they will cost is known before, and no question is put to them twice."""

from __future__ import annotations

import json
from contextlib import closing

import pytest
from endpoint_server import Behaviour, serving

from evalsuite.execute.teaching import asking
from evalsuite.models.checkpoints.found_teacher import FoundTeacher
from evalsuite.pipeline import flow as pipeline
from evalsuite.records import Adapter, Prompt
from evalsuite.report.progress import looked_up, totals
from evalsuite.spec.teacher import ServedTeacher
from evalsuite.store.replies import ReplyCache

SERVED = "{endpoint: 'http://127.0.0.1:9/v1', model: wise, prompt_price: 600, completion_price: 1000, max_tokens: 100}"


def taught(project, teacher: str = SERVED):
    """The project's spec with a distillation of eight prompts in place of the ready adapter."""
    rows = [{"prompt": f"Why {i}"} for i in range(8)]
    (project.folder / "data" / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    train = (
        f"train: {{method: distill, adapter: {{type: lora}}, teacher: {teacher}, data: [{{path: data/rows.jsonl}}]}}"
    )
    project.spec.write_text(project.spec.read_text().replace("adapter: {path: adapter}", train))
    return project


def digest(project, *settings: str) -> str | None:
    return pipeline.plan([project.spec], project.store, settings=settings)[0].step("train").digest


def test_the_plan_says_what_a_teacher_costs_at_most(project):
    [plan] = pipeline.plan([taught(project).spec], project.store)
    # 40 characters are about 10 tokens at $600 a million; 8 answers of 100 tokens at $1,000 a million.
    assert plan.step("train").cost.money == pytest.approx(10 * 600e-6 + 800 * 1000e-6)
    told = [line for line in looked_up(plan) if line.startswith("teacher ")]
    assert told[0].startswith("teacher wise@127.0.0.1:9 (")
    assert told[0].endswith("): 8 calls, at most $0.81")
    [explained] = pipeline.plan([project.spec], project.store, settings=("train.explain=true",))
    assert explained.step("train").cost.money > plan.step("train").cost.money
    assert "8 teacher calls, " in totals([plan], frozenset())
    assert totals([plan], frozenset()).endswith("about $0.81")


def test_another_teacher_or_sampling_is_another_training_and_a_price_is_not(project):
    before = digest(taught(project))
    changes = ("train.teacher.model=wiser", "train.teacher.temperature=0.5", "train.teacher.max_tokens=50")
    assert len({before, *(digest(project, change) for change in changes), digest(project, "train.explain=true")}) == 5
    assert digest(project, "train.teacher.prompt_price=1") == before


def test_a_local_teacher_counts_with_its_weights_and_its_adapter(project):
    taught(project, "{adapter: adapter}")
    with_adapter, alone = digest(project), digest(project, "train.teacher={}")
    assert with_adapter != alone
    [plan] = pipeline.plan([project.spec], project.store)
    assert isinstance(plan.built_on.teacher.adapter, Adapter)
    assert plan.step("train").cost.money == 0


def test_a_question_is_put_to_a_server_once(tmp_path):
    prompts = [Prompt.user(text) for text in ("One?", "Two?", "One?")]
    with serving(Behaviour()) as server, closing(ReplyCache(tmp_path / "replies.sqlite")) as cache:
        fields = {"endpoint": server.url, "model": "served-model", "max_tokens": 9}
        document = ServedTeacher.model_validate_json(json.dumps(fields))
        for _ in range(2):
            teacher = asking(FoundTeacher(document), cache, lambda done, total: None)
            replies = teacher.ask(prompts, document.sampling)
            assert [reply.text for reply in replies] == ["reply to One?", "reply to Two?", "reply to One?"]
        assert len(server.asked) == 2
        assert server.asked[0].body["max_tokens"] == 9
