"""Writes a picture: `python -m dashboard page FILE.svg`, or `path`, in tests/stack."""

import sys
from pathlib import Path

from . import page, path

PICTURES = {"page": page.svg, "path": path.svg}

if __name__ == "__main__":
    Path(sys.argv[2]).write_text(PICTURES[sys.argv[1]](), encoding="utf-8")
