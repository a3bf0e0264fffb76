"""Processes of our own that read one submitted file, and may be lost without harm."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO


@dataclass(frozen=True)
class Finished:
    """What a process answered. `code`: `None` if it was given up; `output`: up to there."""

    code: int | None
    output: bytes


def run_process(
    script: Path | str, source: IO[bytes], *arguments: str, wall_seconds: float
) -> Finished:
    """Let a process of its own read the file, so that a hostile one harms nothing else.

    It sees no setting of the program and sets its own limits; the file is its
    standard input.
    """
    try:
        done = subprocess.run(  # noqa: S603 (our own script; the arguments are never what was typed)
            [sys.executable, "-I", str(script), *arguments],
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            timeout=wall_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as expired:
        return Finished(None, expired.stdout or b"")
    return Finished(done.returncode, done.stdout)
