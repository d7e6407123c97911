"""The harness's side, run with its own Python: `peer.py FOLDER BATCH LIMIT OUT SUBJECTS ADAPTER...`.

Each adapter is a fresh `HFLM`, as its command line makes one; an empty adapter name is the base.
"""

from __future__ import annotations

import sys
from pathlib import Path

from measured import Clock, write


def main() -> None:
    """Score every subject with every adapter and write what it took."""
    folder, batch, limit, out, names = sys.argv[1:6]
    clock = Clock()
    from lm_eval import simple_evaluate
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager

    manager = TaskManager(include_path=f"{folder}/tasks", include_defaults=False)
    clock.lap("import")
    tasks = [f"local_mmlu_{name}" for name in names.split(",")]
    values, accuracy = {}, {}
    for adapter in sys.argv[6:]:
        path = f"{folder}/{adapter}" if adapter else None
        model = HFLM(pretrained=f"{folder}/model", peft=path, device="cpu", dtype="float32", batch_size=int(batch))
        clock.lap("load")
        found = simple_evaluate(
            model=model,
            tasks=tasks,
            task_manager=manager,
            limit=int(limit) or None,
            bootstrap_iters=0,
            verbosity="ERROR",
        )
        clock.lap("score")
        values[adapter] = {
            task: [[float(reply[0][0]) for reply in sample["resps"]] for sample in found["samples"][task]]
            for task in tasks
        }
        accuracy[adapter] = {task: found["results"][task]["acc,none"] for task in tasks}
    write(Path(out), clock, {"values": values, "accuracy": accuracy})


if __name__ == "__main__":
    main()
