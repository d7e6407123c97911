"""Plain documents become rows: cleaned, cut between sentences, with their place, and nothing dropped in silence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import example, given
from hypothesis import strategies as st

from evalsuite.cli import evalsuite
from evalsuite.data.synthesis.documents import Paragraph, build, mask, paragraphs, passages, token_estimate
from evalsuite.data.training.rows import source_rows
from evalsuite.errors import DataError
from evalsuite.records import Example
from evalsuite.spec.source import Source

MARKDOWN = """\
---
title: A talk
---
# Rivers

See [the map](map.png) of the *north*.
<!-- to do -->

```python
print("no prose")
```

---

| a | b |
|---|---|
| c | d |
"""


def test_markdown_loses_what_is_no_prose_and_keeps_its_places() -> None:
    found = paragraphs(MARKDOWN, ".md")
    assert [paragraph.text for paragraph in found] == [
        "# Rivers",
        "See the map of the *north*.",
        "| a | b |\n| c | d |",
    ]
    assert [paragraph.opens for paragraph in found] == [True, False, False]
    assert MARKDOWN[found[1].start : found[1].end].startswith("See [the map]")


SRT = """\
1
00:00:01,000 --> 00:00:03,500
<i>Река начинается</i>
у старой мельницы,

2
00:00:03,600 --> 00:00:05,000
и течёт на север.

3
00:00:05,100 --> 00:00:06,000
Потом?
"""
VTT = """\
WEBVTT

NOTE made by hand

intro
00:01.000 --> 00:03.500 align:start
The river begins

00:03.600 --> 00:05.000
<v Ada>at the old mill.
"""


def test_subtitles_become_sentences_again() -> None:
    found = [paragraph.text for paragraph in paragraphs(SRT, ".srt")]
    assert found == ["Река начинается у старой мельницы, и течёт на север.", "Потом?"]
    [only] = paragraphs(VTT, ".vtt")
    assert only.text == "The river begins at the old mill."
    assert VTT[only.start : only.end].startswith("intro\n")


def test_a_heading_begins_a_new_passage_and_paragraphs_are_joined() -> None:
    text = "# One\n\nFirst.\n\nSecond.\n\n# Two\n\nThird."
    assert [passage.text for passage in passages(paragraphs(text, ".md"), tokens=100)] == [
        "# One\n\nFirst.\n\nSecond.",
        "# Two\n\nThird.",
    ]


@pytest.mark.parametrize("sentence", ["The river turns to the north. ", "Река поворачивает на север! "])
def test_a_long_paragraph_is_cut_between_sentences(sentence: str) -> None:
    found = passages([Paragraph(sentence.strip() + " " + sentence * 20, 5, 900)], tokens=40)
    assert len(found) >= 5
    assert all(passage.text.endswith((".", "!")) and token_estimate(passage.text) <= 40 for passage in found)
    assert {(passage.start, passage.end) for passage in found} == {(5, 900)}


@given(st.lists(st.text("ab .!?я\n", max_size=60), max_size=8), st.integers(4, 30))
@example(["a"] * 9, 5)
@example(["?????????????яя"], 4)
def test_cutting_loses_no_word_and_keeps_the_order(blocks: list[str], tokens: int) -> None:
    text = "\n\n".join(blocks)
    found = passages(paragraphs(text, ".txt"), tokens=tokens)
    assert " ".join(passage.text for passage in found).split() == text.split()
    assert all(token_estimate(passage.text) <= tokens or " " not in passage.text for passage in found)


@pytest.mark.parametrize(
    ("text", "masked", "count"),
    [
        ("Write to ada.l+x@mail.example.org, please.", "Write to [email], please.", 1),
        ("Card 4111 1111 1111 1111 or 5500-0000-0000-0004.", "Card [card] or [card].", 2),
        ("Call +7 (912) 345-67-89 or 8 912 345 67 89.", "Call [phone] or [phone].", 2),
        ("Call (555) 123-4567 or 555-123-4567 or +44 20 7946 0958.", "Call [phone] or [phone] or [phone].", 3),
        ("In 1990-2000 there were 1 000 000 000 of 3.14159265358979.", "", 0),
        ("Invoice 4111 1111 1111 1112, ISBN 978-3-16-148410-0, 12.05.2024 10:30", "", 0),
    ],
)
def test_personal_data_are_masked_and_other_numbers_are_not(text: str, masked: str, count: int) -> None:
    assert mask(text) == (masked or text, count)


LONG = "The northern river carries more water in spring, for the snow melts."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Documents, two of which say the same, with one that is broken and one that is too short."""
    for name, content in {
        "talks/one.md": f"# Rivers\n\n{LONG} Ask ada@example.org.",
        "talks/two.txt": LONG,
        "talks/three.txt": f"{LONG}!",
        "talks/four.txt": "Too short.",
        "talks/five.txt": LONG.replace("spring", "spr\ufffdng\ufffd"),
        "talks/six.txt": "\n",
        "talks/notes.pdf": "x",
    }.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(content, encoding="utf-8")
    (tmp_path / "talks/seven.txt").write_bytes(b"\xff\xfe")
    return tmp_path


def test_every_document_becomes_rows_or_is_told_why_not(folder: Path) -> None:
    built = build([folder / "talks"], tokens=100, masks=True)
    first, second = folder / "talks/one.md", folder / "talks/three.txt"
    assert built.rows == (
        {"text": f"# Rivers\n\n{LONG} Ask [email].", "document": str(first), "span": [0, 99]},
        {"text": f"{LONG}!", "document": str(second), "span": [0, 69]},
    )
    assert built.masked == 1
    assert {item.file.name: item.reason for item in built.dropped} == {
        "two.txt": f"says the same as {second}:0",
        "four.txt": "has fewer than 8 words",
        "five.txt": "has broken characters",
        "six.txt": "holds no text",
        "seven.txt": "is not UTF-8 text (byte 0)",
    }


def test_the_command_writes_rows_that_can_be_trained_on(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    shown = CliRunner().invoke(evalsuite, ["data", "build", "talks", "--out", "rows.jsonl"])
    assert shown.exit_code == 0
    assert shown.output.splitlines()[-1] == "rows.jsonl: 2 rows from 2 documents, 5 dropped"
    assert "dropped  talks/four.txt:0-10  has fewer than 8 words" in shown.output.splitlines()
    found = source_rows(folder / "rows.jsonl", Source(path="rows.jsonl"), wanted=Example)
    assert str(found) == "rows.jsonl: 2 rows, text, from 2 documents"
    assert json.loads((folder / "rows.jsonl").read_text().splitlines()[0])["document"] == "talks/one.md"


def test_a_source_that_is_no_document_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.pdf").write_text("x")
    for source in (tmp_path, tmp_path / "x.pdf", tmp_path / "none"):
        with pytest.raises(DataError, match=r"is no document and holds none; documents end in \.md"):
            build([source], tokens=100)
    with pytest.raises(DataError, match="cannot be read: No such file"):
        build([tmp_path / "none.txt"], tokens=100)
