"""The id that `--sub` wants is shown for everybody who has launched."""

import json


def test_people_are_listed_with_the_id_by_which_the_lms_knows_them(run, world):
    result = run("people", "list", "--platform", str(world.platform.id), "--json")

    rows = json.loads(result.stdout)
    mei = next(row for row in rows if row["name"] == "Mei Student")
    assert mei["sub"].startswith("sub-mei-student")
    assert mei["last_launch"] is not None
    assert len(rows) == 7


def test_an_unknown_platform_is_refused_in_one_line(run, world):
    result = run("people", "list", "--platform", "999")

    assert result.exit_code == 1
    assert "no platform 999" in result.stderr
