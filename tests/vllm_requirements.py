"""The requirements of vLLM's CPU wheel that can be installed beside a CPU build of torch; printed, one a line.

Its torchaudio, torchvision and torchcodec have no CPU builds to be had, and nothing here needs them.
"""

from __future__ import annotations

import re
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

LEFT_OUT = {"torch", "torchaudio", "torchvision", "torchcodec"}


def main(folder: Path) -> None:
    """Print the requirements of the one wheel in a folder."""
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as content:
        name = next(name for name in content.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = Parser().parsestr(content.read(name).decode("utf-8"))
    for line in metadata.get_all("Requires-Dist") or ():
        package = re.split(r"[^A-Za-z0-9_.-]", line, maxsplit=1)[0].lower()
        if "extra ==" not in line and package not in LEFT_OUT:
            print(line)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
