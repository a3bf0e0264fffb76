"""What the comparison apps' page shows: as much as Assay's own, but from memory."""

import json
from functools import cache
from pathlib import Path
from typing import Any

EXAMPLE = Path(__file__).resolve().parent.parent / "lti_config" / "example" / "achievements.json"


@cache
def achievement() -> dict[str, Any]:
    """Return the first achievement of the example, with its criteria and rubric levels."""
    first: dict[str, Any] = json.loads(EXAMPLE.read_text())["achievements"][0]
    return first
