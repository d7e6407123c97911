"""Log-likelihoods of options: what prompts and options share is run once, logits only where they are asked for."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

from evalsuite.errors import ModelError
from evalsuite.models.batching import in_batches
from evalsuite.models.chat import Continuations
from evalsuite.models.network import Network
from evalsuite.models.packed import Beginning, Row, begun, logits, shares
from evalsuite.models.prefixes import families
from evalsuite.records import LogLikelihood


@dataclass(frozen=True, slots=True)
class Question:
    """One prompt as a row of its family, its options' tokens, and which branch holds all but the last of each.

    Options that differ in their last token only (letters, say) need one branch together, or none.
    """

    row: Row
    options: tuple[array[int], ...]
    branch: tuple[int | None, ...]

    @property
    def longest(self) -> int:
        """The tokens of its stem with its longest option."""
        return len(self.row.stem) + max(map(len, self.options))

    @property
    def places(self) -> list[tuple[int, int, int]]:
        """(column, token, option) of every token to be scored: the column is the one that predicts the token."""
        starts = [len(self.row.stem)]
        for tokens in self.row.branches:
            starts.append(starts[-1] + len(tokens))
        found = []
        for option, (tokens, branch) in enumerate(zip(self.options, self.branch, strict=True)):
            for number, token in enumerate(tokens):
                # An option's first token is predicted by the stem's last.
                before = starts[0] - 1 if branch is None or not number else starts[branch] + number - 1
                found.append((before, token, option))
        return found


@dataclass(frozen=True, slots=True)
class Asked:
    """Questions that begin alike: their numbers, the tokens they share, and what is each one's own."""

    numbers: tuple[int, ...]
    beginning: array[int]
    questions: tuple[Question, ...]


def sorted_out(items: Sequence[Continuations]) -> tuple[Asked, ...]:
    """The items in families that share a beginning; made once for all adapters."""
    found = []
    for family in families([item.context for item in items]):
        beginning = array("i", items[family.members[0]].context[: family.shared])
        questions = tuple(_question(items[number], family.shared) for number in family.members)
        found.append(Asked(family.members, beginning, questions))
    return tuple(found)


def score(network: Network, asked: Sequence[Asked], *, budget: int) -> list[tuple[LogLikelihood, ...]]:
    """For each item, in order, the summed log-probability of each option; raises ModelError when one is not a number.

    Log-probabilities are in nats, over the whole vocabulary. A batch holds rows of like length and at most `budget`
    tokens.
    """
    import torch

    found: dict[int, tuple[LogLikelihood, ...]] = {}
    with torch.inference_mode():
        for family in asked:
            beginning = _begun(network, family.beginning)

            def run(some: Sequence[Question], beginning: Beginning = beginning) -> list[tuple[LogLikelihood, ...]]:
                return _batch(network, beginning, some)

            repeated = 0 if shares(network) else len(family.beginning)
            lengths = [repeated + cost(question, vocabulary=network.vocabulary) for question in family.questions]
            answers = in_batches(family.questions, lengths, budget=budget, run=run)
            found.update(zip(family.numbers, answers, strict=True))
    scores = [found[number] for number in range(len(found))]
    if any(isnan(score.value) for each in scores for score in each):
        raise ModelError(f"{network.label}: its outputs are not numbers; try another dtype or adapter")
    return scores


def _begun(network: Network, tokens: array[int]) -> Beginning:
    import torch

    try:
        return begun(network, tokens)
    except torch.OutOfMemoryError:
        raise ModelError(
            f"a beginning of {len(tokens)} tokens does not fit into GPU memory; use a smaller dtype"
        ) from None


def cost(question: Question, *, vocabulary: int) -> int:
    """What scoring one question weighs in a batch, in tokens: its row, and the logits that it needs."""
    # A row of logits over a large vocabulary takes the room of many cached tokens; this keeps a batch's near 1 GB.
    weight = vocabulary // 16_384
    return len(question.row.tokens) + weight * (1 + sum(map(len, question.row.branches)))


def _question(item: Continuations, shared: int) -> Question:
    branches: dict[tuple[int, ...], int] = {}
    which = tuple(branches.setdefault(option[:-1], len(branches)) if option[1:] else None for option in item.options)
    row = Row(array("i", item.context[shared:]), tuple(array("i", branch) for branch in branches))
    return Question(row, tuple(array("i", option) for option in item.options), which)


def _batch(network: Network, beginning: Beginning, questions: Sequence[Question]) -> list[tuple[LogLikelihood, ...]]:
    """Scores of questions that are run as one batch, in nats.

    Logits [places, vocabulary] are normalised in float32, each place once, and an option's tokens added up in float64.
    """
    import torch

    unique: dict[tuple[int, int], int] = {}
    wanted, tokens, owners = [], [], []
    first = 0
    for number, question in enumerate(questions):
        for column, token, option in question.places:
            wanted.append(unique.setdefault((number, column), len(unique)))
            tokens.append(token)
            owners.append(first + option)
        first += len(question.options)
    rows = [question.row for question in questions]
    values = logits(network, beginning, rows, list(unique)).float()
    norms = values.logsumexp(dim=-1)
    at = torch.tensor(wanted, device=values.device)
    each = values[at, torch.tensor(tokens, device=values.device)] - norms[at]
    sums = torch.zeros(first, dtype=torch.float64).index_add_(0, torch.tensor(owners), each.double().cpu())
    found = iter(sums.tolist())
    return [tuple(LogLikelihood(next(found), len(option)) for option in question.options) for question in questions]
