"""The judge: who grades. Five kinds: rules alone, a served model, a local server, a model in process, a panel."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, RootModel, model_validator

from evalsuite.spec.document import Document, Name, Version
from evalsuite.spec.endpoint import Endpoint


class Required(Document):
    """The least health that makes this judge worth believing; below it a verdict is invalid."""

    agreement: Annotated[
        float | None, Field(ge=-1, le=1, description="with human labels, beyond chance: kappa or alpha")
    ] = None
    consistency: Annotated[
        float | None, Field(ge=0, le=1, description="share of pairs with one winner in both orders")
    ] = None

    @property
    def figures(self) -> dict[str, float]:
        """The figures that have a limit, with it."""
        limits = {"agreement": self.agreement, "consistency": self.consistency}
        return {figure: limit for figure, limit in limits.items() if limit is not None}


class OfflineJudge(Document):
    """Grades by the rubric's own checks; not a language model."""

    schema_version: Version
    name: Name
    description: str | None = None
    kind: Literal["offline"]
    required: Required | None = None


class Asked(Document):
    """What all judges that are language models have: how they are asked."""

    prompt: Annotated[Name, Field(description="judges/prompts/NAME.md")] = "default"
    temperature: Annotated[float, Field(ge=0)] = 0.0
    samples: Annotated[int, Field(ge=1, le=100, description="judgments per item, averaged before anything else")] = 1
    max_tokens: Annotated[int, Field(ge=16)] = 1024
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    top_logprobs: Annotated[
        int,
        Field(
            ge=0, le=20, description="weigh a grade's alternatives by their probability, where the server tells them"
        ),
    ] = 0
    required: Required | None = None

    @model_validator(mode="after")
    def _differs(self) -> Asked:
        if self.samples > 1 and self.temperature == 0:
            raise ValueError(
                "asks for several samples at temperature 0, which are all alike; raise one, lower the other"
            )
        return self

    @property
    def asking(self) -> dict[str, Any]:
        """How it is asked, for digests."""
        return self.model_dump(include={"temperature", "samples", "max_tokens", "seed", "top_logprobs"})


class Served(Endpoint, Asked):
    """What judges behind a server have."""

    schema_version: Version
    name: Name
    description: str | None = None


class EndpointJudge(Served):
    """A model behind any OpenAI-style server."""

    kind: Literal["endpoint"]


class VllmJudge(Served):
    """A model behind a vLLM server of one's own, on this machine unless `endpoint` says otherwise."""

    kind: Literal["vllm"]
    endpoint: Annotated[str, Field(min_length=1)] = "http://localhost:8000/v1"
    prompt_price: Annotated[float | None, Field(ge=0)] = 0.0
    completion_price: Annotated[float | None, Field(ge=0)] = 0.0


class HfJudge(Asked):
    """A model that answers in this process through transformers."""

    schema_version: Version
    name: Name
    description: str | None = None
    kind: Literal["hf"]
    model: Annotated[str, Field(min_length=1, description="hub id, local folder, or `quickstart`")]
    revision: Annotated[str | None, Field(description="hub commit or tag; pin it, or grades can change")] = None
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"


class PanelJudge(Document):
    """Several judges: the mean of their scores, the majority of their preferences (PoLL, Verga et al. 2024)."""

    schema_version: Version
    name: Name
    description: str | None = None
    kind: Literal["panel"]
    judges: Annotated[tuple[Name, ...], Field(min_length=2, max_length=15)]
    required: Required | None = None

    @model_validator(mode="after")
    def _differ(self) -> PanelJudge:
        doubled = sorted({name for name in self.judges if self.judges.count(name) > 1})
        if doubled:
            raise ValueError(f"{doubled[0]!r} sits on the panel twice; its vote would count double")
        return self


ModelJudge = EndpointJudge | VllmJudge | HfJudge
Judge = OfflineJudge | EndpointJudge | VllmJudge | HfJudge | PanelJudge


class JudgeFile(RootModel[Annotated[Judge, Field(discriminator="kind")]]):
    """A judge document; its `kind` decides what else it has."""

    @property
    def name(self) -> str:
        """The judge's name."""
        return self.root.name
