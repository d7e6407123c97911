"""What a person can get wrong: one clear message, exit code 2, never a traceback, and nothing is written."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from small_project import SUITE, Project

from evalsuite.cli import main


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.err.splitlines()


Evalsuite = Callable[..., Ended]


@pytest.fixture
def evalsuite(project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Evalsuite:
    """Runs a command in the project's folder."""
    monkeypatch.chdir(project.root)

    def run(*words: str) -> Ended:
        with pytest.raises(SystemExit) as ended:
            main(list(words))
        captured = capsys.readouterr()
        code = ended.value.code
        assert isinstance(code, int)
        return Ended(code, captured.out, captured.err)

    return run


def files(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


def test_a_good_spec_is_valid(evalsuite: Evalsuite) -> None:
    shown = "specs/mine.yaml  mine  is valid\n  data/train.jsonl: 1 rows, prompt and completion\n"
    assert evalsuite("validate", "specs/mine.yaml") == Ended(0, shown, "")


def test_a_plan_says_what_would_be_done_and_writes_nothing(evalsuite: Evalsuite, project: Project) -> None:
    before = files(project.root)
    ended = evalsuite("plan", "specs/mine.yaml")
    assert (ended.code, ended.err) == (0, "")
    assert "suites/small from " in ended.out
    assert "after training" in ended.out
    assert "to do: 7 steps" in ended.out
    assert files(project.root) == before


LAUGHS = "\n".join(["a0: &a0 [ha, ha]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9))])

BAD: dict[str, tuple[Callable[[Project], object], str]] = {
    "unknown key": (
        lambda p: p.change("specs/mine.yaml", "epochs:", "epoch:"),
        "specs/mine.yaml:9  train.epoch  unknown key; did you mean 'epochs'?",
    ),
    "wrong type": (
        lambda p: p.change("specs/mine.yaml", "epochs: 3", "epochs: '3'"),
        'specs/mine.yaml:9  train.epochs  "3": input should be a valid number',
    ),
    "not a number": (
        lambda p: p.change("specs/mine.yaml", "epochs: 3", "epochs: 1e999"),
        "specs/mine.yaml:9  train.epochs  Infinity: input should be a finite number",
    ),
    "unknown choice": (
        lambda p: p.change("specs/mine.yaml", "{id: ./base}", "{id: ./base, dtype: int8}"),
        "specs/mine.yaml:3  base_model.dtype  \"int8\": input should be 'float32', 'bfloat16' or 'float16'",
    ),
    "duplicate key": (
        lambda p: p.change("specs/mine.yaml", "suite: small", "suite: small\nsuite: small"),
        "specs/mine.yaml:11  has the key 'suite' twice (first on line 10); remove one",
    ),
    "tag": (
        lambda p: p.change("specs/mine.yaml", "epochs: 3", "epochs: !!python/object/apply:os.system [ls]"),
        "specs/mine.yaml:9  has the YAML tag 'tag:yaml.org,2002:python/object/apply:os.system'; "
        "tags are not allowed, write a plain value",
    ),
    "alias bomb": (
        lambda p: p.write("specs/mine.yaml", LAUGHS),
        "specs/mine.yaml:1  grows too large or too deep through its aliases; write it out",
    ),
    "broken yaml": (
        lambda p: p.change("specs/mine.yaml", "{type: lora}", "{type: lora"),
        "specs/mine.yaml:7  is not valid YAML: expected ',' or '}', but got ':'",
    ),
    "empty": (
        lambda p: p.write("specs/mine.yaml", ""),
        "specs/mine.yaml  is empty; `evalsuite init DIR` writes examples",
    ),
    "missing spec": (lambda p: p.spec.unlink(), "specs/mine.yaml  does not exist; check the path"),
    "folder": (
        lambda p: (p.spec.unlink(), p.spec.mkdir()),
        "specs/mine.yaml  is a folder; a YAML file is wanted here",
    ),
    "not text": (
        lambda p: p.spec.write_bytes(b"name: \xff\xfe"),
        "specs/mine.yaml  is not UTF-8 text (byte 6); save it as UTF-8",
    ),
    "name that climbs": (
        lambda p: p.change("specs/mine.yaml", "name: mine", "name: ../../mine"),
        "specs/mine.yaml:2  name  \"../../mine\": a name has lower-case letters, digits, '.', '_' and '-' only, "
        "at most 100, and no '..'",
    ),
    "absolute name": (
        lambda p: p.change("specs/mine.yaml", "name: mine", "name: /etc/passwd"),
        "specs/mine.yaml:2  name  \"/etc/passwd\": a name has lower-case letters, digits, '.', '_' and '-' only, "
        "at most 100, and no '..'",
    ),
    "control characters": (
        lambda p: p.change("specs/mine.yaml", "name: mine", r'name: "mine\e[31m"'),
        "specs/mine.yaml:2  holds the control character '\\x1b'; remove it",
    ),
    "control characters in a key": (
        lambda p: p.change("specs/mine.yaml", "name: mine", r'"\e]0;owned\a": mine'),
        "specs/mine.yaml:2  holds the control character '\\x1b'; remove it",
    ),
    "raw control characters": (
        lambda p: p.change("specs/mine.yaml", "name: mine", "name: mine\x1b[31m"),
        "specs/mine.yaml:2  holds the control character '\\x1b'; remove it",
    ),
    "missing data": (
        lambda p: (p.root / "data/train.jsonl").unlink(),
        "specs/mine.yaml:8  train.data.0.path  'data/train.jsonl' does not exist; "
        "looked for ROOT/specs/data/train.jsonl, ROOT/data/train.jsonl",
    ),
    "folder as data": (
        lambda p: p.change("suites/small.yaml", "data/facts.jsonl", "data"),
        "ROOT/data/train.jsonl:1  has no 'question' (its keys: completion, prompt)",
    ),
    "empty data": (
        lambda p: p.write("data/facts.jsonl", "\n"),
        "ROOT/data/facts.jsonl  is empty; it needs at least one row",
    ),
    "malformed line": (
        lambda p: p.write("data/train.jsonl", '{"prompt": "a", "completion": "b"}\n{"prompt": "a",\n'),
        "ROOT/data/train.jsonl:2  is not valid JSON: Expecting property name enclosed in double quotes at column 16 "
        "(1 of 2 rows is bad; mend it, or set `on_bad_row: drop` to go on without)",
    ),
    "missing gate": (
        lambda p: (p.root / "gates/strict.yaml").unlink(),
        "specs/mine.yaml:11  gate  no policy 'strict'; looked for ROOT/specs/strict.yaml, "
        "ROOT/specs/gates/strict.yaml, ROOT/gates/strict.yaml, BUNDLED/gates/strict.yaml",
    ),
    "wrong suite": (
        lambda p: p.write("suites/small.yaml", SUITE.replace("multiple_choice", "multiple")),
        "ROOT/suites/small.yaml:6  benchmarks.0.task  kind 'multiple' is not one of 'arc', 'bbh', 'generate', 'gsm8k', "
        "'hellaswag', 'ifeval', 'mmlu', 'mmlu_pro', 'multiple_choice', 'perplexity', 'truthfulqa', 'winogrande'; "
        "did you mean 'multiple_choice'?",
    ),
    "unnamed suite": (
        lambda p: p.write("suites/small.yaml", SUITE.replace("name: small", "name: other")),
        "specs/mine.yaml:10  suite  ROOT/suites/small.yaml is named 'other' inside; make them equal",
    ),
}


@pytest.mark.parametrize("verb", ["validate", "plan"])
@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_clear_message(verb: str, case: str, evalsuite: Evalsuite, project: Project) -> None:
    from evalsuite.spec.loading.lookup import bundled_folder

    spoil, message = BAD[case]
    spoil(project)
    before = files(project.root)
    ended = evalsuite(verb, "specs/mine.yaml")
    bundle = str(bundled_folder("gates").parent)
    shown = ended.err.replace(str(project.root), "ROOT").replace(bundle, "BUNDLED")
    assert (ended.code, ended.out, shown) == (2, "", f"evalsuite: {message}\n")
    assert files(project.root) == before


def test_problems_of_all_documents_stand_each_on_a_line(evalsuite: Evalsuite, project: Project) -> None:
    project.change("specs/mine.yaml", "epochs: 3", "epochs: x\n  seeed: 1")
    ended = evalsuite("validate", "specs/mine.yaml", "specs/none.yaml")
    assert ended == Ended(
        2,
        "",
        'specs/mine.yaml:9  train.epochs  "x": input should be a valid number\n'
        "specs/mine.yaml:10  train.seeed  unknown key; did you mean 'seed'?\n"
        "specs/none.yaml  does not exist; check the path\n",
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["validate"], "Missing argument 'SPECS...'"),
        (["validate", "specs/mine.yaml", "--set", "train.epochs"], "must read path=value"),
        (["validate", "specs/mine.yaml", "--set", "train.epochs=many"], '--set  train.epochs  "many"'),
        (["validate", "specs/mine.yaml", "--sett", "a=1"], "No such option"),
        (["vaildate"], "No such command 'vaildate'"),
        (["schema", "rnu"], "name one of: run, suite"),
        (["plan", "specs/mine.yaml", "--set", "base_model.id=./none"], "there is no such folder"),
        (["plan", "specs/mine.yaml", "--set", "base_model.id=../data/train.jsonl"], "name the folder with config.json"),
        (["plan", "specs/mine.yaml", "--set", "base_model.id=../data"], "lacks config.json"),
        (["plan", "specs/mine.yaml", "--set", "base_model.revision=main"], "remove `revision`"),
        (["gate", "specs/mine.yaml"], "`evalsuite run` makes them"),
        (["gate", "specs/mine.yaml", "--policy", "none"], "looked for"),
        (["gate", "specs/mine.yaml", "--policy", "none.yaml"], "does not exist"),
        (["show", "none"], "has no results yet"),
        (["compare", "a", "b"], "has no results yet"),
        (["leaderboard"], "has no results yet"),
        (["init", "specs/mine.yaml"], "is a file"),
        (["dashboard", "--port", "0"], "is not in the range"),
    ],
)
def test_a_command_that_cannot_be_carried_out_ends_with_2(
    words: list[str], message: str, evalsuite: Evalsuite, project: Project
) -> None:
    before = files(project.root)
    ended = evalsuite(*words)
    assert ended.code == 2
    assert message in ended.err
    assert "Traceback" not in ended.err
    assert "unexpected" not in ended.err
    assert files(project.root) == before


def test_a_model_of_the_hub_that_is_not_here_is_told_offline_and_soon(evalsuite: Evalsuite, project: Project) -> None:
    project.change("specs/mine.yaml", "./base", "nobody/no-such-model")
    ended = evalsuite("plan", "specs/mine.yaml")
    assert ended.code == 2
    assert len(ended.lines) == 1
    assert "base model 'nobody/no-such-model': is no folder here and not in the local hub cache" in ended.err


@pytest.mark.parametrize("place", ["file/store", "/proc/store"])
def test_a_store_that_cannot_be_written_is_told_before_anything_is_done(
    place: str, evalsuite: Evalsuite, project: Project
) -> None:
    project.write("file", "kept")
    before = files(project.root)
    ended = evalsuite("run", "specs/mine.yaml", "--store", place)
    assert (ended.code, len(ended.lines)) == (2, 1)
    assert f"{place}  cannot be made: " in ended.err
    assert "name another folder with --store" in ended.err
    assert files(project.root) == before
    assert (project.root / "file").read_text() == "kept"


def test_a_plan_needs_no_store_that_can_be_written(evalsuite: Evalsuite, project: Project) -> None:
    project.write("file", "kept")
    assert evalsuite("plan", "specs/mine.yaml", "--store", "file/store").code == 0


ESCAPES = "\x1b[2J\x1b]0;owned\x07\x9b31m"


@pytest.mark.parametrize("path", ["specs/mine.yaml", "suites/small.yaml", "gates/strict.yaml"])
@pytest.mark.parametrize("old", ["name: ", "schema_version: "])
def test_escapes_in_a_document_never_reach_the_terminal(
    path: str, old: str, evalsuite: Evalsuite, project: Project
) -> None:
    written = "".join(f"\\x{ord(char):02x}" for char in ESCAPES)
    project.change(path, old, f'"{written}": "{written}"\n{old}')
    ended = evalsuite("validate", "specs/mine.yaml")
    assert ended.code == 2
    assert all(char.isprintable() or char == "\n" for char in ended.out + ended.err)


def test_escapes_in_data_and_options_never_reach_the_terminal(evalsuite: Evalsuite, project: Project) -> None:
    project.rows("data/train.jsonl", {ESCAPES: 1})
    project.rows("data/facts.jsonl", *[{"id": ESCAPES, "question": "a", "choices": ["a", "b"], "answer": 0}] * 2)
    for words in ([], ["--set", f"name={ESCAPES}"], ["--set", f"{ESCAPES}=1"], ["--set", f"base_model.id={ESCAPES}"]):
        ended = evalsuite("validate", "specs/mine.yaml", *words)
        assert ended.code == 2
        assert all(char.isprintable() or char == "\n" for char in ended.out + ended.err)


def test_an_odd_file_name_is_shown_without_its_escapes(evalsuite: Evalsuite, project: Project) -> None:
    os.rename(project.spec, project.root / "specs" / f"mine{ESCAPES}.yaml")
    ended = evalsuite("validate", f"specs/mine{ESCAPES}.yaml")
    assert ended.code == 0
    assert all(char.isprintable() or char == "\n" for char in ended.out + ended.err)


def test_a_file_name_that_is_no_text_is_no_accident(evalsuite: Evalsuite, project: Project) -> None:
    name = os.fsdecode(b"specs/mine\xff.yaml")
    os.rename(project.spec, project.root / name)
    assert evalsuite("validate", name).code == 0
    assert evalsuite("validate", os.fsdecode(b"specs/none\xff.yaml")).code == 2


def test_init_writes_a_project_that_is_valid_and_refuses_to_write_over_it(evalsuite: Evalsuite, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    assert evalsuite("init", str(folder)).code == 0
    specs = sorted(str(file) for file in (folder / "specs").glob("*.yaml"))
    assert evalsuite("validate", *specs).code == 0
    before = {file: file.read_bytes() for file in files(folder) if file.is_file()}
    ended = evalsuite("init", str(folder))
    assert ended.code == 2
    assert "is there already; name a new or empty folder" in ended.err
    assert {file: file.read_bytes() for file in files(folder) if file.is_file()} == before


def test_a_new_project_looks_up_its_own_documents_and_schemas(evalsuite: Evalsuite, tmp_path: Path) -> None:
    from evalsuite.spec.loading.load import load_specs

    evalsuite("init", str(tmp_path / "new"))
    for found in load_specs(sorted((tmp_path / "new/specs").glob("*.yaml"))):
        places = [*found.documents.values(), *found.training_data, *found.suite_data.values()]
        assert {place.parents[1] for place in places} == {tmp_path / "new"}
    for file in files(tmp_path / "new"):
        if file.suffix == ".yaml":
            named = file.read_text().splitlines()[0].partition("$schema=")[2]
            assert (file.parent / named).resolve().is_file()
    assert (tmp_path / "new/adapters_registry").is_dir()
    assert (tmp_path / "new/.gitignore").read_text() == ".evalsuite/\n"


def test_init_leaves_other_files_of_a_folder_alone(evalsuite: Evalsuite, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / ".gitignore").write_text("mine\n")
    (folder / "README.md").write_text("mine\n")
    assert evalsuite("init", str(folder)).code == 0
    assert [(folder / name).read_text() for name in (".gitignore", "README.md")] == ["mine\n", "mine\n"]


@pytest.mark.parametrize("folder", ["/proc/new", "file/new"])
def test_init_where_nothing_can_be_written_is_told(folder: str, evalsuite: Evalsuite, project: Project) -> None:
    project.write("file", "kept")
    ended = evalsuite("init", folder)
    assert (ended.code, len(ended.lines)) == (2, 1)
    assert "cannot be written: " in ended.err


def test_a_schema_is_printed_and_written(evalsuite: Evalsuite, project: Project) -> None:
    import json

    from evalsuite.spec.loading.schema import DOCUMENTS, emit

    assert json.loads(evalsuite("schema", "run").out) == emit("run")
    assert evalsuite("schema", "--write", "out").code == 0
    assert {file.name for file in (project.root / "out").iterdir()} == {f"{kind}.v1.json" for kind in DOCUMENTS}


def test_a_schema_folder_that_cannot_be_written_is_told(evalsuite: Evalsuite) -> None:
    assert evalsuite("schema", "--write", "/proc/new").code == 2


def test_a_reader_that_goes_away_is_no_error_of_ours_and_no_verdict(project: Project) -> None:
    # 1 would be the gate's word for fail.
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "evalsuite", "schema", "run"]
    ended = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (141, b"")


@pytest.mark.parametrize("verb", ["validate", "plan"])
def test_a_whole_process_says_it_in_one_line_and_exits_with_2(verb: str, project: Project) -> None:
    project.change("specs/mine.yaml", "epochs: 3", "epochs: many")
    command = [sys.executable, "-W", "error", "-m", "evalsuite", verb, "specs/mine.yaml"]
    ended = subprocess.run(command, cwd=project.root, capture_output=True, text=True, check=False)
    message = 'evalsuite: specs/mine.yaml:9  train.epochs  "many": input should be a valid number\n'
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", message)
