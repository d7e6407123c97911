"""Judge kind `endpoint`: a model behind any OpenAI-style server."""

from __future__ import annotations

from typing import Literal

from evalsuite.judges.llm_judge import ServedJudge


class EndpointJudge(ServedJudge):
    """A model behind any OpenAI-style server."""

    kind: Literal["endpoint"]
