"""The adapter types that a spec can name, told apart by `type`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from evalsuite.train.adapters.dora import DoraAdapter
from evalsuite.train.adapters.full import FullAdapter
from evalsuite.train.adapters.ia3 import Ia3Adapter
from evalsuite.train.adapters.lora import LoraAdapter
from evalsuite.train.adapters.prefix import PrefixAdapter
from evalsuite.train.adapters.prompt import PromptAdapter
from evalsuite.train.adapters.qlora import QloraAdapter
from evalsuite.train.adapters.rslora import RsLoraAdapter

AdapterType = Annotated[
    LoraAdapter | RsLoraAdapter | DoraAdapter | QloraAdapter | Ia3Adapter | PrefixAdapter | PromptAdapter | FullAdapter,
    Field(discriminator="type"),
]
