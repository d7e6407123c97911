"""What methods without weights leave behind: a context in place of an adapter, and honest zeros."""

from __future__ import annotations

import time

from evalsuite.errors import TrainingError
from evalsuite.plugins import TrainingJob
from evalsuite.records import Adapter, Training


def untrained(job: TrainingJob, context: object) -> Training:
    """Writes the context into `job.output`; raises TrainingError when there are no rows."""
    from evalsuite.models.context import FewShot, Passages, write_context

    began = time.monotonic()
    assert isinstance(context, FewShot | Passages)
    if not job.train:
        raise TrainingError(f"{job.name}  there are no rows; name a source with rows under train.data")
    write_context(job.output, context, on=job.on)
    return made_elsewhere(job, seconds=time.monotonic() - began)


def made_elsewhere(job: TrainingJob, *, seconds: float) -> Training:
    """The record of an adapter in `job.output` that no trainer of ours made: nothing is known of its loss."""
    from evalsuite.models.adapter import adapter_digest

    return Training(
        adapter=Adapter(job.name, job.output, adapter_digest(job.output)),
        curve=(),
        tokens_seen=0,
        tokens_per_second=0.0,
        wall_seconds=seconds,
        peak_memory_mb=0.0,
        trained_parameters=0,
        total_parameters=0,
        held_out_loss=None,
    )
