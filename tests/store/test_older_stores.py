"""A store that an older evalsuite wrote opens with what its figures are, read once from their names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from evalsuite.pipeline.paired import compare
from evalsuite.records import Comparison, Metric, Result, RuleOutcome, Verdict
from evalsuite.report.forgetting.forgetting import forgetting
from evalsuite.report.leaderboard.changes import from_bases
from evalsuite.report.leaderboard.leaderboard import leaderboard
from evalsuite.store import Store, read
from evalsuite.store.board import entries, past_verdicts
from evalsuite.store.connect import bring_up_to_date, migrations
from evalsuite.store.judges import checks, knowledge

# The last version that kept figures without what they are.
SILENT = 11

# By step: its kind, its entry, and the figures with a value each, as that version named and scored them.
STEPS = {
    "overlap": ("overlap", None, {"overlap.facts": 0.1, "overlap.style": 0.0}),
    "facts": ("score", "facts", {
        "facts.accuracy": 0.8, "facts.accuracy.macro": 0.7, "facts.accuracy.trades": 0.6, "facts.accuracy.empty": 0.6,
        "latency.facts": 2.5,
    }),
    "book": ("score", "book", {"book.nats_per_token": 2.3, "book.bits_per_byte": 0.9, "book.perplexity": 9.97}),
    "boolq": ("score", "boolq", {"boolq.acc": 0.7, "boolq.exact_match.strict-match": 0.2, "boolq.bleu": 27.0}),
    "style": ("score", "style", {"style.score": 0.5, "style.score.order": 0.4, "style.judge_disagreement": 0.1}),
    "beside": ("style", "style", {
        "style.delta": 1.4, "style.author_nll": 3.1, "style.classifier_accuracy": 0.9, "style.control": 0.3,
        "style.indistinguishable": 0.4, "style.indistinguishable.length_ratio": 1.3,
    }),
    "duel": ("pair", "duel", {
        "duel.win_rate.base": 0.6, "duel.length_controlled.base": 0.5, "duel.length_ratio.base": 1.4,
        "duel.position_consistency.base": 0.9, "duel.judge_disagreement.base": 0.2,
    }),
    "drift": ("probe", "drift", {"drift.nll": 3.2, "drift.perplexity": 24.5, "drift.bits_per_byte": 1, "drift.kl": 0}),
    "by-heart": ("probe", "by-heart", {
        "by-heart.k50": 0.2, "by-heart.k50.x3": 0.3, "by-heart.k50.held_out": 0.1, "by-heart.k50.control": 0.0,
        "by-heart.exposure": 7.5, "by-heart.canaries": 0.5, "by-heart.longest_run": 0.4, "by-heart.copied": 0.1,
    }),
    "calibration": ("probe", "calibration", {
        "calibration.facts.ece": 0.1, "calibration.facts.brier": 0.2, "calibration.facts.confidence": 0.8,
        "calibration.facts.right": 0.7,
    }),
    "refusal": ("probe", "refusal", {"refusal.harmful": 0.9, "refusal.benign": 0.1}),
    "format": ("probe", "format", {"format.sound": 0.9, "format.json": 0.8, "format.cut_off": 0.1}),
    "faithfulness": ("probe", "faithfulness", {"faithfulness.early": 0.3, "faithfulness.accuracy": 0.9}),
    "merge": ("probe", "merge", {"merge.facts.own": 0.5, "merge.facts.own.parent-a": 0.6}),
    "compare": ("compare", None, {
        "style.fidelity": 1.2, "facts.accuracy.clean": 0.8, "style.score.ppi": 0.5, "flips.facts": 0.1,
        "flips.facts.gained": 0.2, "flips.facts.kept": -0.1, "merge.facts": -0.1, "drift.kl": 0.2,
    }),
    "imported": ("score", "vicuna", {
        "vicuna.grade": 8.5, "vicuna.total": 340.0, "vicuna.win_rate": 0.6, "vicuna.win_rate.alpaca": 0.7,
        "vicuna.relative_score.alpaca": 97.0, "vicuna.elo": 1043.0, "vicuna.human_kappa": -0.1,
    }),
}  # fmt: skip

LESS = {
    "overlap.facts", "overlap.style", "latency.facts", "book.nats_per_token", "book.bits_per_byte", "book.perplexity",
    "style.judge_disagreement", "style.delta", "style.author_nll", "style.classifier_accuracy",
    "duel.judge_disagreement.base", "drift.nll", "drift.perplexity", "drift.bits_per_byte", "drift.kl", "by-heart.k50",
    "by-heart.k50.x3", "by-heart.k50.held_out", "by-heart.k50.control", "by-heart.exposure", "by-heart.canaries",
    "by-heart.longest_run", "by-heart.copied", "calibration.facts.ece", "calibration.facts.brier", "refusal.benign",
    "format.cut_off", "flips.facts",
}  # fmt: skip
NEITHER = {
    "style.control", "style.indistinguishable.length_ratio", "duel.length_ratio.base", "calibration.facts.confidence"
}  # fmt: skip
HEADLINE = {
    "facts.accuracy", "book.nats_per_token", "book.bits_per_byte", "book.perplexity", "boolq.acc", "boolq.bleu",
    "boolq.exact_match.strict-match", "style.score", "style.fidelity", "duel.win_rate.base", "flips.facts",
    "merge.facts",
    "vicuna.grade", "vicuna.total", "vicuna.win_rate", "vicuna.relative_score.alpaca", "vicuna.elo",
    "vicuna.human_kappa",
}  # fmt: skip
INNER = {
    "calibration.facts.confidence", "calibration.facts.right", "merge.facts.own", "merge.facts.own.parent-a"
}  # fmt: skip
SLICES = {
    "facts.accuracy.trades": ("facts.accuracy", "trades"),
    "facts.accuracy.empty": ("facts.accuracy", "empty"),
    "by-heart.k50.x3": ("by-heart.k50", "x3"),
    "format.json": ("format.form", "json"),
    "merge.facts.own.parent-a": ("merge.facts.own", "parent-a"),
    "vicuna.win_rate.alpaca": ("vicuna.win_rate", "alpaca"),
}
PARENTS = {
    "facts.accuracy.macro": "facts.accuracy", "facts.accuracy.clean": "facts.accuracy",
    "style.score.ppi": "style.score",
    "style.score.order": "style.score", "flips.facts.kept": "flips.facts", "format.cut_off": "format.sound",
    "style.indistinguishable.length_ratio": "style.indistinguishable",
}  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The store as the silent version wrote it, and then opened by this one."""
    found = Store(tmp_path_factory.mktemp("older") / "store")
    written(found)
    bring_up_to_date(found)
    return found


@contextmanager
def silent(store: Store) -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty store as the silent version made it."""
    store.folder.mkdir(parents=True)
    with duckdb.connect(str(store.results)) as connection:
        connection.execute("CREATE TABLE migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL)")
        for number, name, sql in migrations():
            if number <= SILENT:
                connection.execute(sql)
                connection.execute("INSERT INTO migrations VALUES (?, ?)", [number, name])
        yield connection


def written(store: Store) -> None:
    with silent(store) as connection:
        connection.execute("INSERT INTO runs VALUES ('r', now()::TIMESTAMP, NULL, 'finished', 1, '{}')")
        connection.execute("INSERT INTO run_specs VALUES ('r', 'mine', 'p', '{}', 'tiny', 'b', 'a', 'sft', 'lora')")
        for ordinal, (digest, (kind, entry, figures)) in enumerate(STEPS.items()):
            connection.execute(
                "INSERT INTO steps VALUES (?, ?, ?, 'candidate', now()::TIMESTAMP, 1, 7)", [digest, kind, entry]
            )
            connection.execute(
                "INSERT INTO run_steps VALUES ('r', 'mine', ?, ?, ?, ?, 'candidate')", [ordinal, digest, kind, entry]
            )
            rows = [[digest, metric, value] for metric, value in figures.items()]
            connection.executemany("INSERT INTO results VALUES (?, ?, ?, NULL, NULL, 10, 0, NULL, NULL)", rows)
        connection.execute(
            "INSERT INTO judge_checks VALUES ('c', 'strict', 'j', 'r', 'x', 'scores', 'l', 'y', now()::TIMESTAMP, 0, 1,"
            " 1, 1, 1, 0)"
        )
        health = ["agreement", "agreement.order", "leniency", "latency", "consistency", "unparsed"]
        for place, figure in enumerate(health):
            connection.execute(
                "INSERT INTO judge_health VALUES ('c', ?, ?, 0.1, NULL, NULL, 9, 0, NULL, NULL)", [place, figure]
            )


def declared(store: Store) -> dict[str, Metric]:
    return dict(read.results_of(store, "mine", list(STEPS)).metrics)


def test_every_figure_of_an_older_store_is_declared_with_its_direction_and_place(store: Store) -> None:
    found = declared(store)
    assert set(found) == {metric for _, _, figures in STEPS.values() for metric in figures}
    assert {name for name, metric in found.items() if metric.direction == "lower"} == LESS
    assert {name for name, metric in found.items() if metric.direction == "neither"} == NEITHER
    assert {name for name, metric in found.items() if metric.place == "headline"} == HEADLINE
    assert {name for name, metric in found.items() if metric.place == "inner"} == INNER
    assert all(metric.about for metric in found.values())


def test_slices_and_what_belongs_to_another_figure_are_known(store: Store) -> None:
    found = declared(store)
    assert {name: (its.parent, its.slice) for name, its in found.items() if its.is_slice} == SLICES
    assert {name: found[name].parent for name in PARENTS} == PARENTS


def test_scales_hold_what_was_measured_and_entries_are_those_of_the_suite(store: Store) -> None:
    found = declared(store)
    for _, _, figures in STEPS.values():
        for name, value in figures.items():
            assert found[name].holds(value), name
    assert (found["facts.accuracy"].bounds, found["flips.facts.kept"].low, found["vicuna.grade"].high) == (
        (0.0, 1.0), -1.0, 10.0,
    )  # fmt: skip
    assert [found[name].bounds for name in ("style.fidelity", "drift.nll", "boolq.bleu", "vicuna.elo")] == [None] * 4
    assert {name: found[name].entry for name in ("overlap.facts", "latency.facts", "flips.facts", "drift.kl")} == {
        "overlap.facts": "facts", "latency.facts": "facts", "flips.facts": "facts", "drift.kl": "drift",
    }  # fmt: skip


def test_the_board_and_the_checks_of_judges_have_them_too(store: Store) -> None:
    (entry,) = entries(store)
    assert entry.metrics["book.perplexity"].direction == "lower"
    (check,) = checks(store)
    assert {metric.name: metric.direction for metric, _ in check.measured} == {
        "agreement": "higher", "agreement.order": "higher", "leniency": "lower", "latency": "lower",
        "consistency": "higher", "unparsed": "lower",
    }  # fmt: skip


def test_a_plan_reads_what_a_store_knows_of_judges_before_it_is_brought_up_to_date(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    written(store)
    assert list(knowledge(store).health) == [("j", "x")]


def test_what_says_itself_what_it_is_stays_as_it_was_said(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    written(store)
    with duckdb.connect(str(store.results)) as connection:
        for number, name, sql in migrations():
            if number == SILENT + 1:
                connection.execute(sql)
                connection.execute("INSERT INTO migrations VALUES (?, ?)", [number, name])
        connection.execute(
            "INSERT INTO metrics VALUES ('facts', 'facts.accuracy', 'facts', 'lower', 0, 1, 'share', 'headline',"
            " 'Mine.', NULL, NULL)"
        )
    bring_up_to_date(store)
    assert declared(store)["facts.accuracy"].about == "Mine."


# Of 20 facts and 20 texts of different length: by subject, the facts that it knew, and the loss of a text.
KNOWN = {"base": 12, "first": 18, "second": 3}
LOSSES = {"base": 2.0, "first": 1.5, "second": 7.0}
FACTS, BOOK = "facts.accuracy", "book.nats_per_token"
ITEMS = 20
ANSWERS = {"first": "pass", "second": "fail"}


def results_of(who: str) -> dict[str, Result]:
    share, loss = KNOWN[who] / ITEMS, LOSSES[who]
    return {
        FACTS: Result(FACTS, share, share - 0.1, share + 0.1, ITEMS, 1, "1 unscored: no reply", "cut"),
        BOOK: Result(BOOK, loss, loss - 0.1, loss + 0.1, ITEMS),
    }


def changes_of(who: str) -> dict[str, Comparison]:
    moved = KNOWN[who] - KNOWN["base"]
    share, loss = moved / ITEMS, LOSSES[who] - LOSSES["base"]
    return {
        FACTS: Comparison(
            FACTS, "base", share, share - 0.2, share + 0.2, 0.01, ITEMS, gained=max(moved, 0), lost=max(-moved, 0)
        ),
        BOOK: Comparison(BOOK, "base", loss, loss - 0.2, loss + 0.2, 0.001, ITEMS),
    }


def verdict_of(who: str) -> Verdict:
    sentence = f"{FACTS} of {who} against base"
    outcome = RuleOutcome("non_inferior", FACTS, ANSWERS[who], sentence, 0.1, 0.0, 0.2, ITEMS, p_value=0.4)
    warned = RuleOutcome("floor", BOOK, "undecided", "more samples", severity="warn", needed=90, money=1.5)
    return Verdict(ANSWERS[who], "strict", (outcome, warned))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A run of two specs with scores, differences and verdicts, as the silent version kept it; opened by this one."""
    found = Store(tmp_path_factory.mktemp("run") / "store")
    with silent(found) as connection:
        connection.execute("INSERT INTO runs VALUES ('r', '2026-01-01'::TIMESTAMP, NULL, 'finished', 1, '{}')")
        for who, many in KNOWN.items():
            role = "base" if who == "base" else "candidate"
            for entry in ("facts", "book"):
                step(connection, f"{who}-{entry}", "score", entry, role)
            for metric, its in results_of(who).items():
                row = [f"{who}-{its.metric.partition('.')[0]}", metric, its.value, its.low, its.high]
                connection.execute(
                    "INSERT INTO results VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    [*row, its.n, its.unscored, its.reason, its.detail],
                )
            for at in range(ITEMS):
                right = float(at < many)
                scored = [f"{who}-facts", FACTS, f"q{at:02}", right, None, None]
                read_ = [f"{who}-book", BOOK, f"t{at:02}", LOSSES[who] + at / 100, None, 10.0 + at]
                connection.executemany("INSERT INTO scores VALUES (?, ?, ?, ?, ?, ?)", [scored, read_])
                said = [f"{who}-facts", f"q{at:02}", "What?", f"{who} says {right}", "it", None, None]
                connection.execute("INSERT INTO replies VALUES (?, ?, ?, ?, ?, ?, ?)", said)
        for who, answer in ANSWERS.items():
            planned(connection, who, answer)
    bring_up_to_date(found)
    return found


def step(connection: duckdb.DuckDBPyConnection, digest: str, kind: str, entry: str | None, role: str | None) -> None:
    row = [digest, kind, entry, role]
    connection.execute("INSERT INTO steps VALUES (?, ?, ?, ?, '2026-01-01'::TIMESTAMP, 1, 7)", row)


def planned(connection: duckdb.DuckDBPyConnection, who: str, answer: str) -> None:
    """One spec of the run, its comparison with the base and its verdict."""
    step(connection, f"{who}-compare", "compare", None, "candidate")
    step(connection, f"{who}-decide", "decide", None, None)
    connection.execute("INSERT INTO run_specs VALUES ('r', ?, 'p', '{}', 'tiny', 'b', 'a', 'sft', 'lora')", [who])
    steps = [("base-facts", "score", "facts", "base"), ("base-book", "score", "book", "base")]
    steps += [(f"{who}-facts", "score", "facts", "candidate"), (f"{who}-book", "score", "book", "candidate")]
    steps += [(f"{who}-compare", "compare", None, "candidate"), (f"{who}-decide", "decide", None, None)]
    for ordinal, (digest, kind, entry, role) in enumerate(steps):
        connection.execute(
            "INSERT INTO run_steps VALUES ('r', ?, ?, ?, ?, ?, ?)", [who, ordinal, digest, kind, entry, role]
        )
    for its in changes_of(who).values():
        row = [f"{who}-compare", its.metric, its.baseline, its.difference, its.low, its.high, its.p_value, its.n]
        connection.execute(
            "INSERT INTO comparisons VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", [*row, its.gained, its.lost]
        )
    connection.execute("INSERT INTO verdicts VALUES (?, 'strict', ?, 'base')", [f"{who}-decide", answer])
    for ordinal, o in enumerate(verdict_of(who).outcomes):
        told = [o.rule, o.metric, o.answer, o.sentence, o.value, o.low, o.high, o.n, o.severity, o.p_value, o.needed]
        connection.execute(
            "INSERT INTO rule_outcomes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [f"{who}-decide", ordinal, *told, o.money],
        )


def test_figures_verdicts_and_differences_of_an_older_run_stand_on_the_leaderboard_as_they_were(run: Store) -> None:
    board = leaderboard(run)
    rows = {row.spec: row for row in board.rows}
    assert list(rows) == ["first", "second", "(tiny)"]
    assert {name: row.results for name, row in rows.items()} == {
        "first": results_of("first"), "second": results_of("second"), "(tiny)": results_of("base"),
    }  # fmt: skip
    assert {who: (rows[who].verdict, rows[who].outcomes, rows[who].changes) for who in ANSWERS} == {
        who: (ANSWERS[who], verdict_of(who).outcomes, changes_of(who)) for who in ANSWERS
    }
    assert {who: read.verdict_of(run, f"{who}-decide") for who in ANSWERS} == {w: verdict_of(w) for w in ANSWERS}
    assert {past.spec: (past.answer, past.policy) for past in past_verdicts(run)} == {
        who: (answer, "strict") for who, answer in ANSWERS.items()
    }


def test_what_was_wrong_of_an_older_run_is_right_now_for_its_directions_are_known(run: Store) -> None:
    board = leaderboard(run)
    for metric in (FACTS, BOOK):
        assert [row.spec for row in board.sorted_by(metric).rows] == ["first", "(tiny)", "second"]
    words = {"first": "better", "second": "worse"}
    marked = from_bases(board, (FACTS, BOOK), "holm")
    assert [(row.spec, word) for (row, _, _), word in zip(marked.shown, marked.words, strict=True)] == [
        (who, word) for who, word in words.items() for _ in (FACTS, BOOK)
    ]
    for who, word in words.items():
        page = forgetting(who, run)
        assert {its.comparison.metric: (its.comparison, its.word) for its in page.changes} == {
            metric: (its, word) for metric, its in changes_of(who).items()
        }
    assert {moved.metric: moved.by for moved in forgetting("second", run).lost} == {FACTS: -1.0}


def test_two_specs_of_an_older_run_are_paired_with_the_weights_that_were_kept(run: Store) -> None:
    found = compare("second", "first", run)
    assert found.apart == ()
    told = {its.metric: its for its in found.differences}
    assert (told[FACTS].n, told[FACTS].gained, told[FACTS].lost) == (ITEMS, 0, KNOWN["first"] - KNOWN["second"])
    assert told[FACTS].difference == pytest.approx((KNOWN["second"] - KNOWN["first"]) / ITEMS)
    assert told[BOOK].difference == pytest.approx(LOSSES["second"] - LOSSES["first"])
