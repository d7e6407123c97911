"""A prompt exactly as the model saw it."""

from __future__ import annotations

import difflib

from evalsuite.errors import NotFound
from evalsuite.report.table import Table
from evalsuite.store import Store, read
from evalsuite.store.read import AskedPrompt


def prompt_of(entry: str, sample: str, store: Store) -> AskedPrompt:
    """The prompt of a sample as the latest step asked it; raises NotFound with the nearest that there is."""
    found = read.prompts_asked(store, entry, sample)
    if found:
        return found[0]
    known = read.samples_asked(store)
    if entry not in known:
        raise NotFound(f"no prompts of {entry!r} in {store.folder}; there are: {', '.join(known) or 'none'}")
    near = difflib.get_close_matches(sample, known[entry], 1) or known[entry][:5]
    raise NotFound(f"{entry!r} was not asked {sample!r}; its samples are like {', '.join(near)}")


def token_table(asked: AskedPrompt) -> Table:
    """Place, id and piece of each token."""
    prompt = asked.prompt
    rows = [
        (str(place), str(token), piece)
        for place, (token, piece) in enumerate(zip(prompt.tokens, prompt.pieces, strict=True))
    ]
    return Table(("place", "id", "piece"), tuple(rows))
