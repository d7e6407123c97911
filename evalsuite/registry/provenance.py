"""Provenance of a released adapter, signed by the tools people have."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from evalsuite.data.digest import file_digest
from evalsuite.errors import DataError, EvalsuiteError, NotFound
from evalsuite.spec.card import Card

# What a signature is for; ssh refuses one that was made for another purpose.
NAMESPACE = "evalsuite"
COSIGN = "cosign"


def ssh_signature(file: Path) -> Path:
    """Where `ssh-keygen` leaves the signature of a file."""
    return file.with_name(f"{file.name}.sig")


def cosign_bundle(file: Path) -> Path:
    """Where the Sigstore bundle of a file lies."""
    return file.with_name(f"{file.name}.sigstore.json")


def sign(file: Path, key: str) -> Path:
    """Sign a file with an ssh private key, or keyless with the word `cosign`; returns the signature's file."""
    check_key(key)
    if key == COSIGN:
        _call([COSIGN, "sign-blob", "--yes", "--bundle", str(cosign_bundle(file)), str(file)])
        return cosign_bundle(file)
    # ssh-keygen asks before it overwrites, and nobody would answer.
    ssh_signature(file).unlink(missing_ok=True)
    _call(["ssh-keygen", "-Y", "sign", "-q", "-f", key, "-n", NAMESPACE, str(file)])
    return ssh_signature(file)


def check_key(key: str) -> None:
    """Raises NotFound for what is neither the word `cosign` nor a file."""
    if key != COSIGN and not Path(key).is_file():
        raise NotFound(f"--sign {key}: no such key; give a private ssh key's file, or the word {COSIGN}")


def check_ssh(file: Path, signers: Path) -> str | None:
    """Why the ssh signature of a file is not one of the allowed signers', or None when it is.

    `signers` is in the form of `ssh-keygen`'s ALLOWED SIGNERS: a principal and a public key a line.
    """
    signature = ssh_signature(file)
    if not signature.is_file():
        return f"{file.name} has no ssh signature"
    found = _run(["ssh-keygen", "-Y", "find-principals", "-s", str(signature), "-f", str(signers)])
    principal = found.stdout.decode("utf-8", "replace").splitlines()
    if found.returncode or not principal:
        return f"{signature.name} was not made by any of {signers}"
    check = ["ssh-keygen", "-Y", "verify", "-q", "-f", str(signers), "-I", principal[0], "-n", NAMESPACE]
    checked = _run([*check, "-s", str(signature)], given=file.read_bytes())
    return None if checked.returncode == 0 else f"{signature.name} does not fit {file.name}: it was changed"


def check_cosign(file: Path, identity: str, issuer: str) -> str | None:
    """Why the Sigstore bundle of a file is not this identity's, or None when it is."""
    bundle = cosign_bundle(file)
    if not bundle.is_file():
        return f"{file.name} has no Sigstore bundle"
    given = ["--bundle", str(bundle), "--certificate-identity", identity, "--certificate-oidc-issuer", issuer]
    checked = _run([COSIGN, "verify-blob", *given, str(file)])
    return None if checked.returncode == 0 else f"{bundle.name} does not fit {file.name} and {identity}"


def _call(command: list[str]) -> None:
    done = _run(command)
    if done.returncode:
        raise EvalsuiteError(f"{command[0]} did not sign: {done.stderr.decode('utf-8', 'replace').strip()}")


def _run(command: list[str], given: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    if shutil.which(command[0]) is None:
        raise NotFound(f"{command[0]} is not installed; signatures are made and checked by it")
    return subprocess.run(command, input=given, capture_output=True, check=False)


State = Literal["refused", "not checked"]


@dataclass(frozen=True)
class Finding:
    """What is wrong with a card or an alias, or what could not be looked at."""

    card: str
    state: State
    what: str


STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"


def statement_file(card: Path) -> Path:
    """Where the statement about a card lies: beside it."""
    return card.with_suffix(".intoto.json")


def statement(card: Card, file: Path, *, spec: dict[str, Any], run_id: str) -> dict[str, Any]:
    """The statement about a card that was written to `file`, trained as `spec` says in the run `run_id`."""
    weights = [{"name": found.path, "digest": {"sha256": found.sha256}} for found in card.weights.files]
    inputs = [{"uri": found.path, "digest": {"sha256": found.sha256}} for found in card.data]
    base = {"uri": card.base_model.id, "digest": {"evalsuite": card.base_model.digest}}
    documents = [{"uri": found.name, "digest": {"sha256": found.sha256}} for found in card.documents]
    version = card.software.get("evalsuite", "unknown")
    return {
        "_type": STATEMENT,
        "subject": [{"name": file.name, "digest": {"sha256": file_digest(file)}}, *weights],
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": f"pkg:pypi/evalsuite@{version}#run",
                "externalParameters": {"spec": spec},
                "internalParameters": {"software": card.software},
                "resolvedDependencies": [base, *inputs, *documents],
            },
            "runDetails": {
                "builder": {"id": f"pkg:pypi/evalsuite@{version}"},
                "metadata": {"invocationId": run_id, "finishedOn": card.released.isoformat()},
            },
        },
    }


def write_statement(content: dict[str, Any], card: Path) -> Path:
    """Write the statement beside its card."""
    file = statement_file(card)
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
    return file


def disagreements(card: Card, file: Path) -> list[str]:
    """What the statement beside a card says otherwise than the card does; empty when they agree."""
    beside = statement_file(file)
    try:
        content = json.loads(beside.read_text(encoding="utf-8"))
        subjects = {found["name"]: found["digest"]["sha256"] for found in content["subject"]}
        kind = (content["_type"], content["predicateType"])
    except FileNotFoundError:
        return [f"has no provenance; {beside.name} should lie beside it"]
    except (OSError, ValueError, KeyError, TypeError):
        return [f"its provenance {beside.name} is no in-toto statement"]
    found = [] if kind == (STATEMENT, PREDICATE) else [f"its provenance {beside.name} is of another kind"]
    if subjects.get(file.name) != file_digest(file):
        found.append("was changed after it was released; release a new version instead")
    stated = {weights.path: weights.sha256 for weights in card.weights.files}
    if {name: value for name, value in subjects.items() if name != file.name} != stated:
        found.append(f"names other weights than its provenance {beside.name}")
    return found


def changed_files(folder: Path, card: Card) -> list[str]:
    """The files of the released weights that are missing in `folder` or have other bytes."""
    changed = []
    for known in card.weights.files:
        try:
            if file_digest(folder / known.path) != known.sha256:
                changed.append(known.path)
        except DataError:
            changed.append(known.path)
    return changed
