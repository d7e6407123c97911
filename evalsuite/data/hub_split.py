"""Fetching a split of a data set on the hub, once, as a JSONL file."""

from __future__ import annotations

from evalsuite.data.jsonl import write_objects
from evalsuite.errors import DataError
from evalsuite.spec.hub import HubSplit


def fetch(split: HubSplit) -> None:
    """Make the split's file unless it is there; raises DataError when the hub's library cannot give the rows."""
    if split.file.is_file():
        return
    from datasets import load_dataset

    where = f"data set {split.hub!r} at revision {split.revision!r}"
    try:
        rows = load_dataset(split.hub, split.config, split=split.split, revision=split.revision)
    except Exception as error:  # the library raises a dozen kinds of its own and of the network's
        first = next(iter(str(error).splitlines()), type(error).__name__)
        advice = "check id, revision, config and split, run once with network, or name a local file under `data`"
        raise DataError(f"{where}: split {split.split!r} cannot be fetched ({first}); {advice}") from None
    split.file.parent.mkdir(parents=True, exist_ok=True)
    # Written aside first, so that a killed process leaves no half of a split.
    fresh = split.file.with_suffix(".new")
    write_objects(fresh, (dict(row) for row in rows))
    fresh.replace(split.file)
