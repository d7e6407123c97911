"""Log-likelihoods of options, in batches of similar length: what they share is run once."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isnan
from typing import TypeVar

from evalsuite.errors import ModelError
from evalsuite.models.hf.chat_template import Continuations
from evalsuite.models.hf.network import Network
from evalsuite.models.hf.prefix_sharing import Beginning, BranchedRow, begun, families, logits, shares
from evalsuite.records import LogLikelihood

Item = TypeVar("Item")
Answer = TypeVar("Answer")


def batches(lengths: Sequence[int], *, budget: int) -> list[list[int]]:
    """Indices in groups, longest first, so that the padded tokens of a group stay within the budget.

    Lengths and budget are in tokens; one that alone is above the budget is a group by itself.
    """
    groups: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lambda index: -lengths[index]):
        # The first of a group is its longest, so every other one is padded to it.
        if not groups or lengths[groups[-1][0]] * (len(groups[-1]) + 1) > budget:
            groups.append([])
        groups[-1].append(index)
    return groups


def in_batches(
    items: Sequence[Item], lengths: Sequence[int], *, budget: int, run: Callable[[Sequence[Item]], Sequence[Answer]]
) -> list[Answer]:
    """Answers in the order of the items, each batch run as one; raises ModelError when one item alone is too big.

    `lengths` says what each item takes, in tokens, and `budget` what a batch may take, padding included.
    """
    answers: dict[int, Answer] = {}
    for group in batches(lengths, budget=budget):
        found = _halving([items[index] for index in group], run)
        answers.update(zip(group, found, strict=True))
    return [answers[index] for index in range(len(items))]


def _halving(items: Sequence[Item], run: Callable[[Sequence[Item]], Sequence[Answer]]) -> list[Answer]:
    import torch

    try:
        return list(run(items))
    except torch.OutOfMemoryError:
        if len(items) == 1:
            raise ModelError("one prompt alone does not fit into GPU memory; use a smaller dtype or model") from None
    # Outside the except block, so that the failed attempt's tensors are gone before the next one starts.
    torch.cuda.empty_cache()
    half = len(items) // 2
    return _halving(items[:half], run) + _halving(items[half:], run)


@dataclass(frozen=True, slots=True)
class OptionsRow:
    """One prompt as a row of its family, its options' tokens, and which branch holds all but the last of each.

    Options that differ in their last token only (letters, say) need one branch together, or none.
    """

    row: BranchedRow
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
class AskedOptions:
    """Questions that begin alike: their numbers, the tokens they share, and what is each one's own."""

    numbers: tuple[int, ...]
    beginning: array[int]
    questions: tuple[OptionsRow, ...]


def sorted_out(items: Sequence[Continuations]) -> tuple[AskedOptions, ...]:
    """The items in families that share a beginning; made once for all adapters."""
    found = []
    for family in families([item.context for item in items]):
        beginning = array("i", items[family.members[0]].context[: family.shared])
        questions = tuple(_question(items[number], family.shared) for number in family.members)
        found.append(AskedOptions(family.members, beginning, questions))
    return tuple(found)


def score(network: Network, asked: Sequence[AskedOptions], *, budget: int) -> list[tuple[LogLikelihood, ...]]:
    """For each item, in order, the summed log-probability of each option; raises ModelError when one is not a number.

    Log-probabilities are in nats, over the whole vocabulary. A batch holds rows of like length and at most `budget`
    tokens.
    """
    import torch

    found: dict[int, tuple[LogLikelihood, ...]] = {}
    with torch.inference_mode():
        for family in asked:
            beginning = _begun(network, family.beginning)

            def run(some: Sequence[OptionsRow], beginning: Beginning = beginning) -> list[tuple[LogLikelihood, ...]]:
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


def cost(question: OptionsRow, *, vocabulary: int) -> int:
    """What scoring one question weighs in a batch, in tokens: its row, and the logits that it needs."""
    # A row of logits over a large vocabulary takes the room of many cached tokens; this keeps a batch's near 1 GB.
    weight = vocabulary // 16_384
    return len(question.row.tokens) + weight * (1 + sum(map(len, question.row.branches)))


def _question(item: Continuations, shared: int) -> OptionsRow:
    branches: dict[tuple[int, ...], int] = {}
    which = tuple(branches.setdefault(option[:-1], len(branches)) if option[1:] else None for option in item.options)
    row = BranchedRow(array("i", item.context[shared:]), tuple(array("i", branch) for branch in branches))
    return OptionsRow(row, tuple(array("i", option) for option in item.options), which)


def _batch(network: Network, beginning: Beginning, questions: Sequence[OptionsRow]) -> list[tuple[LogLikelihood, ...]]:
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
