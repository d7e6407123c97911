"""Base models: where an id leads, and the digest of the weights, tokenizer and template that lie there."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Protocol, cast

from evalsuite.data.digest import digest, file_digest
from evalsuite.environment import cache_folder
from evalsuite.errors import DataError, ModelError
from evalsuite.models.openai.calls import Meter
from evalsuite.models.openai.endpoint_model import EndpointModel, endpoint_digest
from evalsuite.models.protocol import Model
from evalsuite.spec.loading.lookup import quickstart_base
from evalsuite.spec.models import BaseModelRef, Endpoint, ModelDocument

# Below this, reading the file takes no longer than looking it up.
LARGE = 32_000_000
_SETTLED_NS = 2_000_000_000

Stamp = list[int]


def remembered_digest(path: Path, *, memory: Path | None = None, now: Callable[[], int] = time.time_ns) -> str:
    """SHA-256 (hex) of a file's bytes, without reading them where they are known; raises DataError as `file_digest`.

    `memory` is the file that they are remembered in, one in the cache folder if omitted; `now` tells nanoseconds.
    """
    before = _stamp(path, now())
    if before is None:
        return file_digest(path)
    memory = memory or cache_folder() / "digests.json"
    key = str(path.resolve())
    known = _read(memory).get(key)
    if known is not None and known[0] == before:
        return known[1]
    found = file_digest(path)
    # What changed while it was read, or just before, is not remembered.
    if _stamp(path, now()) == before:
        _remember(memory, key, (before, found))
    return found


def _stamp(path: Path, now: int) -> Stamp | None:
    """What a file's digest may be remembered by; None for a small file and for one that may still be changing."""
    try:
        found = path.stat()
    except OSError:  # reading it will say why
        return None
    settled = max(found.st_mtime_ns, found.st_ctime_ns) < now - _SETTLED_NS
    stamp = [found.st_size, found.st_ino, found.st_mtime_ns, found.st_ctime_ns]
    return stamp if settled and found.st_size >= LARGE else None


def _read(memory: Path) -> dict[str, tuple[Stamp, str]]:
    try:
        return {key: (list(stamp), str(known)) for key, (stamp, known) in json.loads(memory.read_text()).items()}
    except (OSError, ValueError, TypeError, AttributeError):  # no memory, or one that was spoilt, is an empty one
        return {}


def _remember(memory: Path, key: str, value: tuple[Stamp, str]) -> None:
    kept = {path: known for path, known in _read(memory).items() if Path(path).exists()}
    # A folder that cannot be written only costs time.
    with suppress(OSError):
        memory.parent.mkdir(parents=True, exist_ok=True)
        fresh = memory.with_name(f"{memory.name}.{os.getpid()}")
        fresh.write_text(json.dumps({**kept, key: value}), encoding="utf-8")
        fresh.replace(memory)


QUICKSTART = "quickstart"
DTYPES = ("float32", "bfloat16", "float16")

_VOCABULARIES = ("tokenizer.json", "tokenizer.model", "spiece.model", "vocab.json", "vocab.txt", "*.tiktoken")
_TEXT_FILES = (
    "config.json", "generation_config.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    "merges.txt", "chat_template.json", "*.jinja", *_VOCABULARIES,
)  # fmt: skip
_NOT_WEIGHTS = ("training_args.bin", "optimizer.bin", "scheduler.bin", "adapter_model.*")
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?")
_SHORT_COMMIT = re.compile(r"[0-9a-f]{7,39}")
_HUB_TIMEOUT = 4.0


class Base(Protocol):
    """A base model that was found: what it is known by, and the way to its answers."""

    @property
    def id(self) -> str:
        """The model in one word."""
        ...

    @property
    def dtype(self) -> str:
        """Its number format, or a word in place of it where nobody knows."""
        ...

    @property
    def digest(self) -> str:
        """The digest of its weights, or of what stands for them."""
        ...

    @property
    def answers(self) -> str:
        """The digest that its replies are kept under."""
        ...

    @property
    def tells_likelihood(self) -> bool:
        """Whether it tells how likely a given reply is."""
        ...

    def load(self, meter: Meter) -> Model:
        """The model, ready to be asked; `meter` counts what its calls cost, if they cost anything."""
        ...


class Backend(ModelDocument, Protocol):
    """A backend: its fields are what `base_model` may say."""

    def find(self, *, beside: Path, download: bool = False) -> Base:
        """The base model that the document, which lies at `beside`, names; raises ModelError when it is not there.

        With `download` it may be fetched.
        """
        ...


class Engine(Protocol):
    """What answers with weights on this disk in place of transformers in this process."""

    def answers_of(self, weights: str) -> str:
        """The digest that replies are kept under, made of the weights' digest."""
        ...

    def load(self, checkpoint: BaseCheckpoint) -> Model:
        """The model, ready to be asked."""
        ...


@dataclass(frozen=True, slots=True)
class BaseCheckpoint:
    """A base model on disk: the id it was asked by, its folder, its number format, and the digest of what it holds."""

    id: str
    folder: Path
    dtype: str
    digest: str
    # What answers with the weights in place of transformers in this process.
    engine: Engine | None = None

    @property
    def answers(self) -> str:
        """The digest that its replies are kept under: the weights', and the engine's where it is not transformers."""
        return self.digest if self.engine is None else self.engine.answers_of(self.digest)

    @property
    def tells_likelihood(self) -> bool:
        """Always."""
        return True

    def load(self, meter: Meter) -> Model:
        """The model; its weights are loaded when it is first asked."""
        if self.engine is not None:
            return self.engine.load(self)
        from evalsuite.models.hf.hf_model import HfModel

        return HfModel(self)


@dataclass(frozen=True, slots=True)
class ServedBase:
    """A base model behind an endpoint: nobody sees its weights, and nothing can be trained on it."""

    endpoint: Endpoint

    @property
    def id(self) -> str:
        """The model and its server in one word."""
        return self.endpoint.id

    @property
    def dtype(self) -> str:
        """In place of a number format, which nobody knows."""
        return "served"

    @property
    def digest(self) -> str:
        """The digest of URL and model."""
        return endpoint_digest(self.endpoint)

    @property
    def answers(self) -> str:
        """The digest that its replies are kept under."""
        return self.digest

    @property
    def tells_likelihood(self) -> bool:
        """Never: chat servers tell how likely their own words are, not how likely given ones."""
        return False

    def load(self, meter: Meter) -> Model:
        """The model, its calls counted by the meter and at the meter's pace."""
        its = self.endpoint
        pace = meter.pace(self.digest, requests=its.requests_per_minute, tokens=its.tokens_per_minute)
        return EndpointModel(its, meter=meter, pace=pace)


def find_model(document: ModelDocument, *, beside: Path, download: bool = False) -> Base:
    """The base model that a document at `beside` names, by its backend; raises ModelError when it is not there."""
    # Documents are made of the group's classes, which are held to the whole protocol.
    return cast(Backend, document).find(beside=beside, download=download)


def find_base(id: str, *, revision: str | None, dtype: str, download: bool = False) -> BaseCheckpoint:
    """The checkpoint of `quickstart`, a local folder or a hub id; raises ModelError with what to do when there is none.

    The hub is only asked with `download`; otherwise an id must be in its local cache.
    """
    if dtype not in DTYPES:
        raise ModelError(f"base model {id!r}: no dtype is called {dtype!r}; use one of {', '.join(DTYPES)}")
    folder = _local_folder(id)
    if folder is None:
        folder = _from_hub(id, revision=revision, download=download)
    elif revision is not None:
        raise ModelError(f"base model {id!r}: a revision belongs to a hub id, not to a folder; remove `revision`")
    return BaseCheckpoint(id, folder, dtype, _digest(id, folder, dtype=dtype))


def locate_model(model: str, beside: Path) -> str:
    """A model id that is a folder relative to its spec, as an absolute path; any other id as it stands."""
    folder = beside / model
    try:
        return str(folder) if model.startswith(".") or folder.is_dir() else model
    except OSError:  # too long for a path, and so for a hub id
        raise ModelError(f"base model {model[:60]!r}...  is no folder and no hub id; check it") from None


def is_local(ref: BaseModelRef, *, beside: Path) -> bool:
    """Whether a document at `beside` names weights on this machine, and not a hub id."""
    place = locate_model(ref.id, beside.resolve().parent)
    return place == QUICKSTART or Path(place).expanduser().is_dir()


def base_of(ref: BaseModelRef, *, beside: Path, download: bool = False) -> BaseCheckpoint:
    """The checkpoint that a document at `beside` names; raises as `find_base`."""
    place = locate_model(ref.id, beside.resolve().parent)
    return find_base(place, revision=ref.revision, dtype=ref.dtype, download=download)


def weight_files(folder: Path) -> list[Path]:
    """The weight files that a loader would read, by name: safetensors where there are any, else *.bin."""
    for pattern in ("*.safetensors", "*.bin"):
        found = sorted(file for file in folder.glob(pattern) if not _is(file, _NOT_WEIGHTS))
        if found:
            return found
    return []


def _local_folder(id: str) -> Path | None:
    if id == QUICKSTART:
        return quickstart_base()
    folder = Path(id).expanduser()
    if folder.is_dir():
        return folder
    if folder.exists():
        raise ModelError(f"base model {id!r}: is a file; name the folder with config.json, weights and tokenizer")
    if not _HUB_ID.fullmatch(id):
        raise ModelError(f"base model {id!r}: there is no such folder, and it is no hub id (owner/name); check it")
    return None


def _from_hub(id: str, *, revision: str | None, download: bool) -> Path:
    from huggingface_hub import errors, snapshot_download

    where = f"base model {id!r}" if revision is None else f"base model {id!r} at revision {revision!r}"
    flag = "" if revision is None else f" --revision {revision}"
    advice = f"run `hf download {id}{flag}` once with network, or give a local folder"
    cached = _cached_commit(id, revision)

    def snapshot(*patterns: str) -> Path:
        return Path(snapshot_download(id, revision=cached, allow_patterns=list(patterns),
                                      local_files_only=not download, etag_timeout=_HUB_TIMEOUT))  # fmt: skip

    try:
        folder = snapshot(*_TEXT_FILES, "*.safetensors", "*.safetensors.index.json")
        return folder if weight_files(folder) else snapshot(*_TEXT_FILES, "*.bin", "*.bin.index.json")
    except errors.GatedRepoError:
        raise ModelError(f"{where}: is gated; accept its licence on huggingface.co and set HF_TOKEN") from None
    except errors.RevisionNotFoundError:
        raise ModelError(f"{where}: the hub has no such revision; check it on huggingface.co") from None
    except errors.RepositoryNotFoundError:
        raise ModelError(f"{where}: the hub has no such model, or it is private; check it or set HF_TOKEN") from None
    except errors.LocalEntryNotFoundError:
        why = "and the hub cannot be reached" if download else "and no download was asked for"
        raise ModelError(f"{where}: is no folder here and not in the local hub cache, {why}; {advice}") from None
    except (OSError, ValueError) as error:
        first = next(iter(str(error).splitlines()), type(error).__name__)
        raise ModelError(f"{where}: cannot be fetched ({first}); {advice}") from None


def _cached_commit(id: str, revision: str | None) -> str | None:
    """The full name of a cached commit that a short one means; the hub's library only knows it in full."""
    from huggingface_hub import constants

    if revision is None or not _SHORT_COMMIT.fullmatch(revision):
        return revision
    snapshots = Path(constants.HF_HUB_CACHE) / f"models--{id.replace('/', '--')}" / "snapshots"
    found = list(snapshots.glob(f"{revision}*"))
    return found[0].name if len(found) == 1 else revision


def _digest(id: str, folder: Path, *, dtype: str) -> str:
    weights = _complete(id, folder)
    texts = sorted({file for file in folder.iterdir() if file.is_file() and _is(file, _TEXT_FILES)})
    try:
        contents = [[file.name, file_digest(file)] for file in texts]
        contents += [[file.name, remembered_digest(file)] for file in weights]
        return digest("base model", dtype, contents)
    except DataError as error:
        raise ModelError(f"base model {id!r}: {error}") from None


def _complete(id: str, folder: Path) -> list[Path]:
    """The weight files of a folder that has all a base model needs; raises ModelError naming what is missing."""
    if (folder / "adapter_config.json").exists():
        # transformers would load the adapter on top, and "base" would no longer mean the base.
        raise ModelError(f"base model {id!r}: {folder} holds a PEFT adapter; name it under `adapter: {{path: ...}}`")
    weights = weight_files(folder)
    missing = [] if (folder / "config.json").is_file() else ["config.json"]
    if not weights:
        missing.append("weights (*.safetensors or *.bin)")
    if not any(next(folder.glob(name), None) for name in _VOCABULARIES):
        missing.append("a tokenizer (tokenizer.json or tokenizer.model)")
    missing += _missing_shards(id, folder)
    if missing:
        advice = "install evalsuite again" if id == QUICKSTART else "copy or download the whole model"
        raise ModelError(f"base model {id!r}: {folder} lacks {', '.join(missing)}; {advice}")
    return weights


def _missing_shards(id: str, folder: Path) -> list[str]:
    found: set[str] = set()
    for index in folder.glob("*.safetensors.index.json"):
        try:
            found.update(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
        except (OSError, ValueError, KeyError, AttributeError):
            raise ModelError(f"base model {id!r}: {index} is unreadable; copy or download the whole model") from None
    return sorted(name for name in found if not (folder / name).is_file())


def _is(file: Path, patterns: Sequence[str]) -> bool:
    return any(fnmatch(file.name, pattern) for pattern in patterns)
