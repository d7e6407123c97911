"""Signatures on provenance by the tools people have: `ssh-keygen -Y` with an ssh key, or Sigstore's `cosign`."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from evalsuite.errors import EvalsuiteError, NotFound

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
