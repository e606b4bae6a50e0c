"""The clock that the functions of one world see; it can be set forward, and minutes pass at once."""

import struct
import subprocess
import time
from pathlib import Path

SOURCE = Path(__file__).with_suffix(".c")


class Clock:
    """`env` makes a process see it."""

    def __init__(self, folder):
        folder = Path(folder)
        library, self._file = folder / "clock.so", folder / "clock"
        # Rust needs a linker, so there is a compiler.
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", library, SOURCE, "-ldl"], check=True)
        self.set(0)
        self.env = {"LD_PRELOAD": str(library), "PROVE_CLOCK": str(self._file)}

    def set(self, ahead):
        """So many seconds ahead of the real one."""
        self._ahead = ahead
        content = struct.pack("q", ahead)
        if self._file.exists():
            # In place: the file is mapped.
            with self._file.open("r+b") as file:
                file.write(content)
        else:
            self._file.write_bytes(content)

    def pass_by(self, seconds):
        """So many seconds pass."""
        self.set(self._ahead + seconds)

    def now(self):
        """What the functions see, in epoch seconds."""
        return time.time() + self._ahead
