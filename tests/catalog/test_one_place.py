"""Whether an achievement may be used is said in one place, and asked there by everybody."""

import re
from pathlib import Path

APP = Path(__file__).parents[2] / "app"
TEMPLATES = Path(__file__).parents[2] / "templates"
# What the answer is made of. Showing it in a list is no decision.
FACTS = re.compile(r"VersionStatus|PUBLISHED_STATUSES|OPEN_STATUSES|approved_until|retired_at")
SHOWN = {
    "cli/achievements.py": "achievement.retired_at.isoformat() if achievement.retired_at else None",
}


def test_no_room_but_the_catalogue_judges_a_version_by_itself():
    judged = []
    for path in sorted(APP.rglob("*.py")):
        name = path.relative_to(APP).as_posix()
        # `approval` moves a version from state to state, with the catalogue.
        if name.startswith(("catalog/", "approval/", "sandbox/")):
            continue
        source = path.read_text().replace(SHOWN.get(name, "\0"), "")
        judged += [(name, found[0]) for found in FACTS.finditer(source)]

    assert judged == []


def test_no_template_judges_a_version_by_itself():
    judged = [
        (path.name, found[0])
        for path in sorted(TEMPLATES.rglob("*.html"))
        if path.parent.name not in {"catalog", "approval"}  # they show the states themselves
        for found in re.finditer(r"version\.status|approved_until|retired_at", path.read_text())
    ]

    assert judged == []


def test_the_rooms_that_use_an_achievement_ask_there():
    asked = {
        path.relative_to(APP).parts[0]
        for path in APP.rglob("*.py")
        if "from app.catalog.usability import" in path.read_text()
    }

    assert {"mapping", "evidence", "assessment", "awards"} <= asked
