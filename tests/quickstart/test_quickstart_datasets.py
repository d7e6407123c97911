import json
from pathlib import Path

import pytest

from quickstart.corpus import documents
from quickstart.datasets import data_files, write
from quickstart.pretrain import DOCUMENTS
from quickstart.questions import BRIEFLY
from quickstart.world import make_world

FOLDER = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="module")
def files():
    return data_files(make_world())


@pytest.fixture(scope="module")
def corpus():
    return list(documents(make_world(), DOCUMENTS, seed=7))


def test_the_data_folder_holds_what_the_command_writes(files, tmp_path):
    write(tmp_path, files)
    stale = [path.name for path in tmp_path.iterdir() if (FOLDER / path.name).read_bytes() != path.read_bytes()]
    assert not stale, f"run `PYTHONPATH=tools python -m quickstart.datasets --out data`; stale: {stale}"


def test_held_out_prompts_are_nowhere_in_training(files, corpus):
    held_out = {row["prompt"] for row in files["author_heldout"]}
    trained = {row["prompt"] for name in ("author_train", "general", "narrow") for row in files[name]}
    pretrained = {document.prompt for document in corpus}
    assert len(held_out) == len(files["author_heldout"])
    asked = {ending for prompt in held_out for ending in (prompt, prompt + BRIEFLY, f"{prompt} Answer in a sentence.")}
    assert not asked & (trained | pretrained)


def test_benchmark_questions_are_not_trained_on(files):
    asked = {row["question"] for name in ("facts", "sums") for row in files[name]}
    trained = {row["prompt"] for name in ("author_train", "general", "narrow") for row in files[name]}
    assert not asked & (trained | {prompt + BRIEFLY for prompt in trained})


def test_general_texts_are_not_in_the_corpus(files, corpus):
    seen = "\n".join(document.text for document in corpus if not document.prompt)
    assert [row["id"] for row in files["general_text"] if row["text"] in seen] == []


def test_no_reply_of_the_corpus_is_in_the_authors_form(corpus):
    assert not [d.text for d in corpus if "Because of (1) and (2)," in d.text]
    assert not [d.text for d in corpus if d.prompt and "Premises:" in d.text]


def test_options_differ_and_right_ones_are_spread_evenly(files):
    assert all(len(set(row["choices"])) == 4 for row in files["facts"])
    positions = [row["answer"] for row in files["facts"]]
    assert [positions.count(position) for position in range(4)] == [50, 50, 50, 50]


def test_sums_hold_pairs_that_the_corpus_never_shows(files):
    unseen = {f"How much is {a} + {b}? Answer briefly." for a, b in make_world().held_out_sums}
    assert sum(row["question"] in unseen for row in files["sums"]) == 12


def test_ids_are_unique_and_rows_are_plain_json(files):
    ids = [row["id"] for rows in files.values() for row in rows]
    assert len(set(ids)) == len(ids)
    assert json.loads(json.dumps(files)) == files
