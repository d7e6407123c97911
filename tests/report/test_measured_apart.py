"""What was measured differently stands in columns of its own, is sorted alone, and is not compared."""

from __future__ import annotations

from dataclasses import replace

import pytest
from click.testing import CliRunner
from planted import change, fill, paired, result, spec, told

from evalsuite.cli import evalsuite
from evalsuite.errors import NotFound
from evalsuite.pipeline import paired as paired_differences
from evalsuite.records import UNKNOWN, Measurement, Outcome, how_they_differ, marks
from evalsuite.report.answers import metrics_of
from evalsuite.report.author_style import styles
from evalsuite.report.forgetting.forgetting import chain
from evalsuite.report.judging.ratings import met
from evalsuite.report.leaderboard.changes import from_baseline, from_bases
from evalsuite.report.leaderboard.leaderboard import leaderboard
from evalsuite.store import Store
from evalsuite.store.connect import writing
from evalsuite.store.write import StepRow

FEW = Measurement("few", ("multiple_choice", "12 of 1,000 items", "seed 7", "data 3fa2c1"))
MANY = Measurement("many", ("multiple_choice", "30 of 1,000 items", "seed 7", "data 3fa2c1"))
THIRTY, TWELVE = "facts.accuracy (30 of 1,000 items)", "facts.accuracy (12 of 1,000 items)"


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "store")


def asked(name: str, its: Measurement | None, *, right: int, of: int, base: int, role_measured: bool = True):
    """A spec and its base, asked the first `of` questions; `its` is None as in a store of an older evalsuite."""
    measured = () if its is None else (its,)
    row, _ = spec(name, (), ())
    key = its.digest if its else f"{of}"
    steps = (
        StepRow(f"tiny-{key}", "score", "facts", "base", measured=measured if role_measured else ()),
        StepRow(f"{name}-score", "score", "facts", "candidate", measured=measured),
        StepRow(f"{name}-compare", "compare", None, "candidate"),
    )
    outcomes = {}
    for step, many in zip(steps, (base, right), strict=False):
        said = told({f"q{at:02}": ("yes", float(at < many)) for at in range(of)})
        outcomes[step.digest] = replace(said, results=(replace(result("facts.accuracy", many / of), n=of),))
    outcomes[steps[2].digest] = Outcome(comparisons=(change("facts.accuracy", (right - base) / of, 0.001),))
    return replace(row, steps=steps), outcomes


def two_limits(store: Store) -> None:
    """The suite's limit went from 30 to 12 between two specs; the base was asked both."""
    fill(store, [asked("older", MANY, right=20, of=30, base=7), asked("newer", FEW, right=1, of=12, base=3)], {})


def values(store: Store) -> dict[str, dict[str, float | None]]:
    return {row.spec: {name: its.value for name, its in row.results.items()} for row in leaderboard(store).rows}


def test_another_limit_is_another_column_with_its_own_base(store: Store):
    two_limits(store)
    assert values(store) == {
        "newer": {TWELVE: 1 / 12},
        "older": {THIRTY: 20 / 30},
        "(tiny)": {TWELVE: 3 / 12, THIRTY: 7 / 30},
    }
    board = leaderboard(store)
    assert board.headline == (TWELVE, THIRTY)
    assert board.apart()[0] == "facts (12 of 1,000 items): multiple_choice, 12 of 1,000 items, seed 7, data 3fa2c1"
    assert [row[5:7] + row[-2:-1] for row in board.figures().rows if row[0] == "(tiny)"] == [
        ("facts.accuracy", 3 / 12, "few"),
        ("facts.accuracy", 7 / 30, "many"),
    ]


def test_on_a_terminal_another_limit_is_a_table_of_its_own_with_the_rows_that_have_it(store: Store):
    two_limits(store)
    first, second = leaderboard(store).screens()
    assert [[row[0].split("\n")[0] for row in table.rows] for table in (first, second)] == [
        ["newer", "(tiny)"],
        ["older", "(tiny)"],
    ]
    assert [table.heads[2].splitlines()[-1] for table in (first, second)] == [
        TWELVE.partition(" ")[2],
        THIRTY.partition(" ")[2],
    ]


def test_sorting_by_a_metric_of_several_measurements_asks_which(store: Store):
    two_limits(store)
    with pytest.raises(NotFound, match=r"2 ways that cannot be compared; sort by one: 'facts\.accuracy \(12 of"):
        leaderboard(store).sorted_by("facts.accuracy")
    assert [row.spec for row in leaderboard(store).sorted_by(THIRTY).rows][:2] == ["older", "(tiny)"]


def test_differences_are_taken_within_one_measurement(store: Store):
    two_limits(store)
    board = leaderboard(store)
    own = from_bases(board, board.headline, "none")
    assert [(row.spec, column) for row, column, _ in own.shown] == [("newer", TWELVE), ("older", THIRTY)]
    found = paired_differences.against(store, "(tiny)", ["older", "newer"], ["facts.accuracy"])
    chosen = from_baseline(board, "(tiny)", found, metrics=board.headline, adjust="none")
    assert [(row.spec, column, its.n) for row, column, its in chosen.shown] == [
        ("newer", TWELVE, 12),
        ("older", THIRTY, 30),
    ]
    assert paired_differences.against(store, "older", ["newer"], []) == {}


def test_compare_says_how_they_differ_and_pairs_nothing(store: Store):
    two_limits(store)
    found = paired_differences.compare("older", "newer", store)
    assert found.differences == ()
    ran = CliRunner().invoke(evalsuite, ["compare", "older", "newer", "--store", str(store.folder)])
    assert ran.exit_code != 0
    assert str(ran.exception) == (
        "not compared, for they were measured differently: facts.accuracy\n"
        "  older: 30 of 1,000 items\n  newer: 12 of 1,000 items"
    )
    assert metrics_of(store, ["older", "newer"]) == {}
    assert list(metrics_of(store, ["older"])) == ["facts"]
    with pytest.raises(NotFound, match="was measured differently, so the chain cannot be computed"):
        chain([("older", "facts.accuracy"), ("newer", "facts.accuracy")], store)


def test_what_was_measured_alike_stays_one_column_without_a_mark(store: Store):
    fill(store, [asked(name, FEW, right=n, of=12, base=3) for name, n in (("one", 4), ("two", 9))], {})
    assert list(leaderboard(store).columns) == ["facts.accuracy"]
    [found] = paired_differences.compare("two", "one", store).differences
    assert (found.metric, found.n) == ("facts.accuracy", 12)


def test_an_older_store_goes_by_the_number_of_samples(store: Store):
    specs = [("one", 4, 12), ("two", 9, 12), ("three", 9, 30)]
    fill(store, [asked(name, None, right=n, of=of, base=3) for name, n, of in specs], {})
    one, two = (f"facts.accuracy ({of} samples)" for of in (12, 30))
    assert {name: list(found) for name, found in values(store).items()} == {
        "one": [one], "two": [one], "three": [two], "(tiny)": [one, two],
    }  # fmt: skip
    assert [its.n for its in paired_differences.compare("two", "one", store).differences] == [12]
    assert paired_differences.compare("two", "three", store).differences == ()


def test_an_older_candidate_was_asked_what_its_base_was(store: Store):
    """Another spec's run has told since what the base's step measured, which both share."""
    fill(store, [asked("known", FEW, right=4, of=12, base=3), asked("kept", FEW, right=9, of=12, base=3)], {})
    with writing(store) as connection:
        connection.execute("DELETE FROM measurements WHERE step_digest = 'kept-score'")
    assert list(leaderboard(store).columns) == ["facts.accuracy"]


def test_figures_of_the_step_that_compares_go_by_their_entry(store: Store):
    """A suite with one benchmark more leaves the flips of the others where they were."""
    rows = []
    for name, whole in (("one", "first suite"), ("two", "second suite")):
        row, outcomes = asked(name, FEW, right=4, of=12, base=3)
        own = (replace(FEW, digest="flips of few", entry="facts"), Measurement(whole))
        steps = (*row.steps[:2], replace(row.steps[2], measured=own))
        outcomes[steps[2].digest] = Outcome(results=(result("flips.facts", 0.1), result("all.loss", 0.2)))
        rows.append((replace(row, steps=steps), outcomes))
    fill(store, rows, {})
    names = list(leaderboard(store).columns)
    assert "flips.facts" in names
    assert [name for name in names if name.startswith("all.loss")] == [
        "all.loss (measurement first )", "all.loss (measurement second)",
    ]  # fmt: skip


def test_a_figure_goes_by_the_step_that_measured_it_not_by_one_that_compares_it(store: Store):
    """Two specs that were asked the same are compared with different references."""
    rows = []
    for name, whom in (("one", "against base"), ("two", "against another")):
        row, outcomes = asked(name, FEW, right=4, of=12, base=3)
        steps = (*row.steps[:2], replace(row.steps[2], measured=(Measurement(whom, (whom,), "facts"),)))
        rows.append((replace(row, steps=steps), outcomes))
    fill(store, rows, {})
    assert list(leaderboard(store).columns) == ["facts.accuracy"]
    assert [row.changes["facts.accuracy"].difference for row in leaderboard(store).rows[:2]] == [1 / 12, 1 / 12]


def test_pairs_before_another_judge_are_another_opponent(store: Store):
    rows = []
    for name, judge in (("one", "strict"), ("two", "mild")):
        row, outcomes = paired(spec(name, (), ()), {"q1": 1.0, "q2": 0.0}, result("duel.win_rate", 0.5, 0.2, 0.8))
        its = Measurement(judge, ("pairs of style", f"judge {judge}"))
        steps = tuple(replace(step, measured=(its,)) if step.kind == "pair" else step for step in row.steps)
        rows.append((replace(row, steps=steps), outcomes))
    fill(store, rows, {})
    assert {one.spec: one.opponent for one in met(store)} == {
        "one": "(tiny) (judge strict)",
        "two": "(tiny) (judge mild)",
    }


def test_judged_sets_of_another_rubric_are_on_another_scale(store: Store):
    rows = []
    for name, rubric in (("one", "sober"), ("two", "warm")):
        row, _ = spec(name, (), ())
        its = Measurement(rubric, ("judge strict", f"rubric {rubric}"))
        steps = tuple(StepRow(f"{name}-{r}", "score", "style", r, measured=(its,)) for r in ("candidate", "author"))
        found = {step.digest: Outcome(results=(result("style.score", 0.5, 0.4, 0.6),)) for step in steps}
        rows.append((replace(row, steps=steps), found))
    fill(store, rows, {})
    labels = {one.spec: one.label for one in styles(store)}
    assert labels == {"one": "style (rubric sober)", "two": "style (rubric warm)"}


def test_marks_are_the_facts_that_not_all_share_and_never_the_same():
    assert how_they_differ(FEW, MANY) == ("12 of 1,000 items", "30 of 1,000 items")
    twins = [Measurement("abcdefgh", ("alike",)), Measurement("bcdefghi", ("alike",)), UNKNOWN]
    assert marks(twins) == {
        "abcdefgh": "alike, measurement abcdef",
        "bcdefghi": "alike, measurement bcdefg",
        "": "measurement unknown",
    }
