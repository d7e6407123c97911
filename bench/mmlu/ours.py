"""evalsuite's side: `ours.py FOLDER DATA LIMIT OUT SUBJECTS ADAPTER...`; an empty adapter name is the base."""

from __future__ import annotations

import sys
from pathlib import Path

from material import LETTERS, prompts, rows
from measured import Clock, write


def main() -> None:
    """Score every subject with every adapter and write what it took."""
    folder, data, limit, out, names = sys.argv[1:6]
    clock = Clock()
    import peft  # noqa: F401  # the harness imports it at its start as well
    import torch  # noqa: F401
    from transformers import AutoModelForCausalLM  # noqa: F401

    from evalsuite.models.checkpoints.adapter import adapter_digest
    from evalsuite.models.checkpoints.base import find_base
    from evalsuite.models.hf.hf_model import HfModel
    from evalsuite.records import Adapter, Prompt

    model = HfModel(find_base(f"{folder}/model", revision=None, dtype="float32"))
    clock.lap("import")
    model.load()
    clock.lap("load")
    values, accuracy = {}, {}
    for name in sys.argv[6:]:
        path = Path(folder) / name
        adapter = Adapter(name, path, adapter_digest(path)) if name else None
        values[name], accuracy[name] = {}, {}
        for subject in names.split(","):
            asked = [Prompt.raw(text) for text in prompts(Path(data), subject)][: int(limit) or None]
            options = [[f" {letter}" for letter in LETTERS]] * len(asked)
            found = [[each.value for each in row] for row in model.choices(asked, options, adapter=adapter)]
            right = [row["answer"] for row in rows(Path(data) / "test" / f"{subject}_test.csv")]
            hits = [row.index(max(row)) == answer for row, answer in zip(found, right, strict=False)]
            values[name][f"local_mmlu_{subject}"] = found
            accuracy[name][f"local_mmlu_{subject}"] = sum(hits) / len(hits)
        clock.lap("score")
    write(Path(out), clock, {"values": values, "accuracy": accuracy})


if __name__ == "__main__":
    main()
