"""Judge kind `vllm`: a vLLM server of one's own, an endpoint that costs nothing and has a usual place."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from evalsuite.judges.llm_judge import ServedJudge


class VllmJudge(ServedJudge):
    """A model behind a vLLM server of one's own, on this machine unless `endpoint` says otherwise."""

    kind: Literal["vllm"]
    endpoint: Annotated[str, Field(min_length=1)] = "http://localhost:8000/v1"
    prompt_price: Annotated[float | None, Field(ge=0)] = 0.0
    completion_price: Annotated[float | None, Field(ge=0)] = 0.0
