"""Released adapters in words: model cards, the registry, and what changed between two cards."""

from __future__ import annotations

from collections.abc import Sequence

from evalsuite.records import word_after
from evalsuite.registry.provenance import Finding
from evalsuite.report.tables import Table
from evalsuite.spec.card import Aliases, Card, CardResult

MODEL_CARD = "README.md"


def model_card(card: Card) -> str:
    """The README of a released adapter: hub metadata with its results, then verdict, figures and origin for people."""
    return f"---\n{_metadata(card)}\n---\n\n{_body(card)}"


def _metadata(card: Card) -> str:
    from huggingface_hub import EvalResult, ModelCardData

    results = [
        EvalResult(
            task_type="text-generation",
            dataset_type=found.entry or found.metric,
            dataset_name=found.entry or found.metric,
            metric_type=word_after(found.metric, found.entry or "") or found.metric,
            metric_value=found.value,
            metric_args={"n": found.n, "low": found.low, "high": found.high, "better": found.direction},
        )
        for found in card.results
    ]
    data = ModelCardData(
        base_model=card.base_model.id,
        library_name="peft",
        license=card.licence,
        tags=["evalsuite", card.method],
        model_name=card.name if results else None,
        eval_results=results or None,
    )
    return str(data.to_yaml())


def _body(card: Card) -> str:
    results = Table(
        ("metric", "value", "95 % interval", "n", "better"),
        tuple((c.metric, f"{c.value:.4g}", _interval(c), c.n, c.direction or "–") for c in card.results),
    )
    changes = Table(
        ("metric", "against", "difference", "95 % interval", "n"),
        tuple(
            (c.metric, c.baseline, f"{c.difference:+.4g}", f"{c.low:+.4g} to {c.high:+.4g}", c.n) for c in card.changes
        ),
    )
    lines = [
        f"# {card.name} {card.version}",
        card.description or "",
        f"An adapter ({card.method}) for `{card.base_model.id}`. Verdict by policy `{card.verdict.policy}`: "
        f"**{card.verdict.answer}**{_override(card)}.",
        "\n".join(f"- {sentence}" for sentence in card.verdict.found),
        "## Results",
        results.markdown(),
        "## Against the baseline",
        changes.markdown() if card.changes else "Nothing was compared.",
        "## Origin",
        f"Weights `{card.weights.digest}`, base model `{card.base_model.digest}`, made with "
        + ", ".join(f"{name} {version}" for name, version in sorted(card.software.items()))
        + ".",
    ]
    return "\n\n".join(line.rstrip("\n") for line in lines if line) + "\n"


def _interval(found: CardResult) -> str:
    return "–" if found.low is None or found.high is None else f"{found.low:.4g} to {found.high:.4g}"


def _override(card: Card) -> str:
    return f" (released by {card.override.by}: {card.override.reason})" if card.override else ""


def cards_table(cards: Sequence[Card], aliases: Aliases) -> Table:
    """One row per card, newest version last, with the aliases that name it."""
    named: dict[str, list[str]] = {}
    for name, alias in aliases.aliases.items():
        named.setdefault(alias.now.label, []).append(name)
    rows = [
        (
            card.label,
            _verdict(card),
            card.method,
            card.base_model.id,
            f"{card.released:%Y-%m-%d}",
            ", ".join(named.get(card.label, [])),
        )
        for card in cards
    ]
    return Table(("card", "verdict", "method", "base model", "released", "aliases"), tuple(rows))


def facts(card: Card) -> list[tuple[str, str]]:
    """A card as labels and words."""
    found = [
        ("released", f"{card.released:%Y-%m-%d %H:%M} UTC"),
        ("base model", f"{card.base_model.id}, {card.base_model.digest[:12]}"),
        ("weights", f"{card.weights.path}, {card.weights.digest[:12]}"),
        ("verdict", f"{_verdict(card)} by policy {card.verdict.policy}"),
        ("licence", card.licence or "not given"),
    ]
    if card.override is not None:
        found.append(("override", f"by {card.override.by}: {card.override.reason}"))
    return found


def results_table(card: Card) -> Table:
    """The card's figures with their intervals."""
    rows = tuple((found.metric, _figure(found), found.n, found.direction or "–") for found in card.results)
    return Table(("metric", "value", "n", "better"), rows)


def difference_table(first: Card, second: Card) -> Table:
    """What differs between two cards: digests, documents, data, software and figures."""
    before, after = _flat(first), _flat(second)
    rows = [
        (key, before.get(key, "–"), after.get(key, "–"))
        for key in dict.fromkeys([*before, *after])
        if before.get(key) != after.get(key)
    ]
    return Table(("what", first.label, second.label), tuple(rows))


def findings_table(found: Sequence[Finding]) -> Table:
    """What a verification found, one row each."""
    return Table(("card", "", "what"), tuple((item.card, item.state, item.what) for item in found))


def _verdict(card: Card) -> str:
    return f"{card.verdict.answer}, overridden" if card.override else card.verdict.answer


def _figure(found: CardResult) -> str:
    bounds = "" if found.low is None or found.high is None else f" [{found.low:.4g}, {found.high:.4g}]"
    return f"{found.value:.4g}{bounds}"


def _flat(card: Card) -> dict[str, str]:
    found = {
        "verdict": _verdict(card),
        "policy": card.verdict.policy,
        "method": card.method,
        "licence": card.licence or "–",
        "base model": f"{card.base_model.id} {card.base_model.digest[:12]}",
        "weights": card.weights.digest[:12],
    }
    found |= {document.name: document.sha256[:12] for document in card.documents}
    found |= {data.path: data.sha256[:12] for data in card.data}
    found |= {result.metric: _figure(result) for result in card.results}
    return found | card.software
