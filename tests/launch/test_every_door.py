"""Only approved: every door to an achievement, and every state that it can be in.

The table is the whole rule on one page. `yes`: the door opens. `no`: it is
refused in plain words, and nothing is changed. `new`: it leads to the newer
version. A version that has a newer one goes on where it was mapped before.
"""

import pytest

from app.catalog.models import VersionStatus
from tests.launch.doors import DOORS
from tests.launch.one_case import Case

TABLE = """
door                        draft  in_review approved expired superseded declined retired
set up an activity          no     no        yes      no      no         no       no
set up by deep linking      no     no        yes      no      no         no       no
put back into a selection   no     no        yes      no      yes        no       no
take a selection to the LMS no     no        yes      no      yes        no       no
link without a grade        no     no        yes      no      no         no       no
copy by a launch            no     no        yes      no      new        no       no
copy by hand                no     no        yes      no      new        no       no
confirm a copy              no     no        yes      no      yes        no       no
show the learner's form     no     no        yes      no      yes        no       no
hand in                     no     no        yes      no      yes        no       no
save a draft                no     no        yes      no      yes        no       no
begin a revision            no     no        yes      no      yes        no       no
show the workbench's form   no     no        yes      no      yes        no       no
offer as next to assess     no     no        yes      no      yes        no       no
start assessing             no     no        yes      no      yes        no       no
ask for a revision          no     no        yes      no      yes        no       no
decide and award            no     no        yes      no      yes        no       no
award by any other way      no     no        yes      no      yes        no       no
import it again             yes    yes       yes      yes     yes        yes      no
revoke an award             yes    yes       yes      yes     yes        yes      yes
verify an award             yes    yes       yes      yes     yes        yes      yes
keep the gradebook's status yes    yes       yes      yes     yes        yes      yes
"""
REASONS = {
    "draft": "is not approved",
    "in_review": "is not approved",
    "expired": "has expired",
    "superseded": "newer version",
    "declined": "is not approved",
    "retired": "is retired",
}


def rows():
    header, *lines = TABLE.strip().splitlines()
    states = header.split()[1:]
    for line in lines:
        words = line.rsplit(None, len(states))
        yield from ((words[0].strip(), *pair) for pair in zip(states, words[1:], strict=True))


OUTCOMES = {"yes": True, "no": False, "new": "new"}


def test_the_table_has_every_door_and_every_state():
    told = list(rows())

    assert {door for door, _, _ in told} == DOORS.keys()
    # Two are no status: an approval that has run out, and an achievement that was retired.
    assert {state for _, state, _ in told} == {*VersionStatus, "expired", "retired"}


@pytest.mark.parametrize(("door", "state", "expected"), list(rows()))
def test_a_door_opens_for_what_is_approved_alone(
    app, session, world, browser, lms, tool_key, launch_copy, mapped, door, state, expected
):
    case = Case(app, session, world, browser, lms, tool_key, launch_copy, mapped, state)

    outcome, said = DOORS[door](case)

    assert outcome == OUTCOMES[expected]
    if expected == "no" and said is not None:
        assert REASONS[state] in said
