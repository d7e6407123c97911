"""A document that is named on the command line instead of in a spec."""

from __future__ import annotations

from pathlib import Path

from evalsuite.errors import NotFound
from evalsuite.spec.load import load_document
from evalsuite.spec.policy import Policy
from evalsuite.spec.project import find_document


def named_policy(name: str, *, beside: Path) -> Policy:
    """The policy of a name or file given on the command line; raises NotFound with the places searched."""
    file = Path(name)
    # A name may have dots, such as `strict.v2`.
    if file.suffix not in (".yaml", ".yml"):
        lookup = find_document("gates", name, beside=beside)
        if lookup.found is None:
            raise NotFound(f"--policy {name}: looked for {lookup.places}")
        file = lookup.found
    return load_document(Policy, file)
