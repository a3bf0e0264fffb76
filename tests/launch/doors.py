"""The doors to an achievement: each does one thing with it, and says whether that was done."""

import json
import tempfile
from collections.abc import Callable
from contextvars import Context
from pathlib import Path

from sqlalchemy import select

from app.assessment.models import Assessment
from app.awards.issuing import issue_award
from app.awards.models import Award
from app.core.clock import utcnow
from app.core.errors import ConflictError
from app.evidence.models import Attempt, Submission, SubmissionStatus
from app.mapping.models import Assignment, AssignmentCopy
from app.outbox.models import Delivery
from app.platforms.variables import CONTEXT_HISTORY_KEY
from tests.assessment.work import form_data
from tests.launch.one_case import Case, document
from tests.launch.selecting import deep_link, read_answer
from tests.launch.signing_lms import INSTRUCTOR, place_of

TEACHER = {"role": INSTRUCTOR, "sub": "teacher-1"}
SET_UP = {
    "title": "Review",
    "instructions": "",
    "accepts_text": "y",
    "max_files": "0",
    "grade_rule": "met",
}


def set_up(case):
    case.change()
    version, ines = case.world.level_1, case.browser(case.world.instructor)
    url = f"/courses/{case.world.course.id}/links/{case.world.link.id}/setup"
    offered = f'{url}/{version.id}"' in ines.get(url).text
    data = SET_UP | {"criteria": [item.id for item in version.criteria]}
    page = ines.post(f"{url}/{version.id}", data=data)
    assert offered == (case.count(Assignment) == 1)
    return offered, page.text


def selecting(case, **asked):
    ines = case.browser()
    return ines, deep_link(case.lms, ines, **asked).location


def deep_linked(case, ines, place):
    data = SET_UP | {"criteria": [item.id for item in case.world.level_1.criteria]}
    return ines.post(f"{place}/{case.world.level_1.id}", data=data)


def set_up_by_deep_linking(case):
    ines, place = selecting(case)
    case.change()
    page = deep_linked(case, ines, place)
    return case.count(Assignment) == 1, page.text


def put_back(case):
    ines, place = selecting(case)
    deep_linked(case, ines, place)
    made = case.session.scalars(select(Assignment)).one()
    ines.post(f"{place}/choices/{made.id}", data={"action": "remove"})
    case.change()
    page = ines.post(f"{place}/choices/{made.id}", data={"action": "add"})
    return page.status_code == 303, page.text


def take_to_the_lms(case):
    ines, place = selecting(case)
    deep_linked(case, ines, place)
    case.change()
    page = ines.get(f"{place}/selection").text
    if "Nothing is chosen" in page:
        return False, page
    items = read_answer(page, case.tool_key)
    return any(name.endswith("content_items") and value for name, value in items.items()), page


def link_without_grade(case):
    ines, place = selecting(case, accept_types=["ltiResourceLink", "link"])
    case.change()
    page = ines.get(f"{place}/links/{case.world.level_1.public_id}")
    # What was never published has no public address, and is said not to be there.
    return page.status_code == 200, None if page.status_code == 404 else page.text


def copied_version(case):
    copy = case.mapped()
    if copy is not None and case.newer is not None:
        return "new" if copy.version_id == case.newer.id else True
    return copy is not None


def copy_by_launch(case):
    original = case.assignment()
    case.change()
    case.launch_copy(custom={"assay_assignment": original.uuid}, **TEACHER)
    return copied_version(case), None


def copy_by_hand(case):
    original = case.assignment()
    case.change()
    ines = case.browser()
    history = {CONTEXT_HISTORY_KEY: "course-1"}
    place = place_of(case.launch_copy(custom=history, client=ines, **TEACHER))
    page = ines.post(place.replace("/setup", f"/copy/{original.id}"))
    return copied_version(case), None if page.status_code == 404 else page.text


def confirm(case):
    original = case.assignment()
    ines = case.browser()
    case.launch_copy(custom={"assay_assignment": original.uuid}, client=ines, **TEACHER)
    copy = case.mapped()
    case.change()
    place = f"/courses/{copy.course_id}/assignments/{copy.id}/copy"
    offers = "Confirm copied mapping" in ines.get(place).text
    page = ines.post(place)
    assert offers == (case.count(AssignmentCopy, AssignmentCopy.confirmed_at.is_not(None)) == 1)
    return offers, page.text


def learners_form(case):
    url = case.work_url(case.assignment())
    mei = case.browser(case.world.learner)
    assert "Hand in your work" in mei.get(url).text, "the page that is kept for the class"
    case.change()
    page = mei.get(url)
    return "Hand in your work" in page.text, page.text


def hand_in_work(case):
    url = case.work_url(case.assignment())
    case.change()
    data = {"text": "My work.", "hand_in": "1"}
    page = case.browser(case.world.learner).post(url, data=data)
    return case.count(Attempt, Attempt.submitted_at.is_not(None)) == 1, page.text


def save_draft(case):
    url = case.work_url(case.assignment())
    case.change()
    page = case.browser(case.world.learner).post(url, data={"text": "My work.", "save": "1"})
    return case.count(Attempt) == 1, page.text


def begin_revision(case):
    submission = case.submission()
    submission.status = SubmissionStatus.REVISION_REQUESTED
    case.session.commit()
    case.change()
    url = case.work_url(submission.assignment)
    page = case.browser(case.world.learner).post(url, data={"keep_earlier": "1"})
    return case.count(Attempt) == 2, page.text


def workbench(case):
    submission = case.submission()
    case.change()
    page = case.browser(case.world.grantor).get(f"/assessment/submissions/{submission.id}")
    return "Record assessment" in page.text, page.text


def next_to_assess(case):
    submission = case.submission()
    case.change()
    page = case.browser(case.world.grantor).get("/assessment/queue")
    assert f"/assessment/submissions/{submission.id}" in page.text, "the work is never hidden"
    return "Assess next" in page.text, page.text


def start(case):
    submission = case.submission()
    case.change()
    page = case.browser(case.world.grantor).post(f"/assessment/submissions/{submission.id}/start")
    started = Submission.status == SubmissionStatus.IN_ASSESSMENT
    return case.count(Submission, started) == 1, page.text


def ask_for_revision(case):
    submission = case.submission()
    data = form_data(submission, "below", "enough", decision="revision", reason="Cite.")
    case.change()
    url = f"/assessment/submissions/{submission.id}"
    page = case.browser(case.world.grantor).post(url, data=data)
    return case.count(Assessment) == 1, page.text


def decide(case):
    submission = case.submission()
    data = form_data(submission, "best", "enough")
    case.change()
    url = f"/assessment/submissions/{submission.id}"
    page = case.browser(case.world.grantor).post(url, data=data)
    assert case.count(Assessment) == case.count(Award)
    return case.count(Award) == 1, page.text


def make_award(case, awarded_by=None):
    return issue_award(
        case.session,
        person=case.world.learner,
        version=case.world.level_1,
        awarded_by=awarded_by,
        actor="command:test",
        vault=case.app.extensions["assay.vault"],
        base_url="https://tool.test",
        now=utcnow(),
    )


def award_otherwise(case):
    case.change()
    try:
        make_award(case)
    except ConflictError as error:
        return case.count(Award) == 1, str(error)
    case.session.commit()
    return case.count(Award) == 1, ""


def import_again(case):
    case.change()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "document.json"
        file.write_text(json.dumps(document(case.world.level_1, name="Named anew")))
        words = ("achievements", "import", str(file), "--approved-by", "MCC 9")
        result = Context().run(case.app.test_cli_runner().invoke, args=words)
    return result.exit_code == 0, result.output


def revoke(case):
    award = make_award(case)
    case.session.commit()
    case.change()
    words = ("awards", "revoke", award.public_id, "--reason", "By mistake.")
    result = Context().run(case.app.test_cli_runner().invoke, args=words)
    return case.count(Award, Award.revoked_at.is_not(None)) == 1, result.output


def verify(case):
    award = make_award(case)
    case.session.commit()
    case.change()
    page = case.browser().get(f"/credentials/{award.public_id}", headers={"Accept": "text/html"})
    return "Verified" in page.text, page.text


def keep_status(case):
    submission = case.submission()
    url = f"/assessment/submissions/{submission.id}"
    data = form_data(submission, "best", "enough")
    case.browser(case.world.grantor).post(url, data=data)
    told = case.count(Delivery)
    case.change()
    page = case.browser(case.world.learner).get(case.work_url(submission.assignment))
    awarded = Submission.status == SubmissionStatus.AWARDED
    same = case.count(Delivery) == told and case.count(Submission, awarded) == 1
    return same and "Congratulations" in page.text, page.text


DOORS: dict[str, Callable[[Case], tuple[bool | str, str | None]]] = {
    "set up an activity": set_up,
    "set up by deep linking": set_up_by_deep_linking,
    "put back into a selection": put_back,
    "take a selection to the LMS": take_to_the_lms,
    "link without a grade": link_without_grade,
    "copy by a launch": copy_by_launch,
    "copy by hand": copy_by_hand,
    "confirm a copy": confirm,
    "show the learner's form": learners_form,
    "hand in": hand_in_work,
    "save a draft": save_draft,
    "begin a revision": begin_revision,
    "show the workbench's form": workbench,
    "offer as next to assess": next_to_assess,
    "start assessing": start,
    "ask for a revision": ask_for_revision,
    "decide and award": decide,
    "award by any other way": award_otherwise,
    "import it again": import_again,
    "revoke an award": revoke,
    "verify an award": verify,
    "keep the gradebook's status": keep_status,
}
