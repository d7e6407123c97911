"""The model card: a README with the hub's metadata, for the folder of released weights."""

from __future__ import annotations

from evalsuite.report.table import Table
from evalsuite.spec.card import Card, CardResult

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
            metric_type=found.metric.removeprefix(f"{found.entry}."),
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
