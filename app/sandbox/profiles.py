"""How four LMSs behave: what each sends, keeps, drops and refuses. Pure.

A practice LMS behaves as one of them at a time. `standard` keeps to the letter
of the specifications and is as strict as the strictest; the others do what is
known of the real ones. To the tool each is a registration of its own, with its
own client id, under the one issuer: as hosted Canvas does it with its customers.

Source: for Moodle, a running Moodle 4.5.6 and `mod_lti`; for Canvas, its
`lti/ims` controllers and API documentation; for Brightspace, D2L's knowledge base.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from app.sandbox.vocabulary import FULLY_GRADED, GRADING_PROGRESS

ANY_BUT_GRADED = frozenset(GRADING_PROGRESS) - {FULLY_GRADED}


class Subjects(StrEnum):
    """What a person is called in `sub`."""

    NAME = "name"
    NUMBER = "number"
    OPAQUE = "opaque"


class Roster(StrEnum):
    """How roles stand in the roster: all by their whole address, core ones short, Moodle's way."""

    MIXED = "mixed"
    MOODLE = "moodle"
    WHOLE = "whole"


@dataclass(frozen=True)
class GradebookRules:
    """What a gradebook does with a score.

    `refusal`: the one text for everything that is wrong, or `None` to say what
    is. `unknown_person`, `no_student`, `no_maximum`, `outdated`: the statuses.
    `outdated_text`: its words, with the two times to be filled in.
    `compares_seconds`: whether a time must be later by a whole second; else it
    may be the same. `ungraded`: the gradingProgress values with which points
    are not taken, and a grade is erased. `keeps_comment`: whether a score
    without comment leaves the one that stands. `checks_words`: whether unknown
    progress values and scorers are refused. `takes_submissions`: whether it
    knows Canvas's submission extension.
    """

    refusal: str | None = None
    unknown_person: int = 400
    no_student: int = 422
    no_maximum: int = 422
    outdated: int = 409
    outdated_text: str = "A score with this timestamp or a later one stands already."
    compares_seconds: bool = True
    ungraded: frozenset[str] = ANY_BUT_GRADED
    keeps_comment: bool = False
    keeps_progress: bool = True
    checks_words: bool = True
    takes_zero_maximum: bool = False
    takes_submissions: bool = False


@dataclass(frozen=True)
class Profile:
    """One LMS's habits.

    `habits`: what is said of it on the page where it is chosen. `token_seconds`:
    how long a launch is valid. `sends_not_before`: whether launches have `nbf`.
    `storage_target`: the `lti_storage_target` of a login, if it sends one.
    `sends_notices`: whether it offers the notification service. `names_placements`:
    whether a deep-linking request says where in the LMS it comes from.
    `login_extras`: what else a login has. `unknown_variables`: substitution
    variables that stay as they are written. `adds_one_at_a_time` to
    `takes_open_columns`: of a deep-linked item, whether only one is taken at a
    time, whether label and states of its review, its dates and the label of its
    column are kept, whether its address may have a query, and whether its
    column may lack a maximum. `has_reviews`: whether it sends
    submission reviews. `wants_state`: whether an authentication request must
    bring `state`. `has_own_audience`: whether its token endpoint wants another
    `aud` than the endpoint's address. `takes_issuer_as_audience`: whether it
    takes its issuer for that too. `refuses_unknown_scopes`: whether one scope
    too many fails the whole token request. `wants_user_agent`: whether services
    refuse who does not say what they are. `hides_ids`: whether addresses and
    cursors of the services are opaque; else they end in Moodle's `?type_id=`.
    `pages_line_items`: whether line items come page by page without being
    asked. `breaks_links`: whether the `Link` header of paged line items is
    malformed. `throttles_with`: the status for “too fast”.
    """

    name: str
    title: str
    family: str
    client_id: str
    deployment_id: str
    habits: tuple[str, ...]
    subjects: Subjects = Subjects.NAME
    roster: Roster = Roster.MIXED
    token_seconds: int = 60
    sends_not_before: bool = False
    storage_target: str = ""
    sends_notices: bool = True
    names_placements: bool = False
    login_extras: tuple[tuple[str, str], ...] = ()
    unknown_variables: frozenset[str] = frozenset()
    has_privacy_levels: bool = False
    adds_one_at_a_time: bool = False
    keeps_review_texts: bool = True
    keeps_dates: bool = True
    keeps_labels: bool = True
    takes_queries: bool = True
    takes_open_columns: bool = False
    has_reviews: bool = True
    wants_state: bool = False
    has_own_audience: bool = False
    takes_issuer_as_audience: bool = False
    refuses_unknown_scopes: bool = False
    wants_user_agent: bool = False
    hides_ids: bool = False
    pages_line_items: bool = True
    breaks_links: bool = False
    throttles_with: int = 429
    gradebook: GradebookRules = field(default_factory=GradebookRules)

    def audience(self, issuer: str) -> str:
        """Return the `aud` that the token endpoint wants of an assertion.

        Source: LTI Security Framework 1.0 §4.1.1; D2L, “Brightspace OAuth2 Audience”.
        """
        return f"{issuer}/oauth2/audience" if self.has_own_audience else f"{issuer}/lti/token"


STANDARD = Profile(
    name="standard",
    title="Standard",
    family="assay-practice",
    client_id="assay-practice",
    deployment_id="practice-1",
    habits=(
        "Sends and takes what the specifications say, and is as strict as the strictest.",
        "A score that is not fully graded erases the grade; one without comment, the comment.",
    ),
    storage_target="_parent",
    names_placements=True,
    takes_issuer_as_audience=True,
)
# Source: seen on a running Moodle 4.5.6; `gradebookservices/…/scores.php`.
MOODLE = Profile(
    name="moodle",
    title="Moodle",
    family="moodle",
    client_id="mQxT8rWb2LkZp4J",
    deployment_id="1",
    habits=(
        "People are numbers; a launch is valid for a minute.",
        "A non-editing teacher launches as Instructor and is a Learner in the roster.",
        "A score that is not fully graded, or has no points, erases the grade.",
        "A score without comment erases the comment; progress is not kept.",
        "A second score of the same second is refused (409); people without a grade are 400.",
        "Deep linking drops dates, the column’s label and which states can be reviewed.",
        "The roster is paged well, the columns with a broken Link header.",
    ),
    subjects=Subjects.NUMBER,
    sends_notices=False,
    roster=Roster.MOODLE,
    unknown_variables=frozenset(
        {
            "$ResourceLink.id.history",
            "$ResourceLink.available.startDateTime",
            "$ResourceLink.available.endDateTime",
            "$ResourceLink.submission.startDateTime",
            "$ResourceLink.submission.endDateTime",
        }
    ),
    takes_issuer_as_audience=True,
    keeps_review_texts=False,
    keeps_dates=False,
    keeps_labels=False,
    pages_line_items=False,
    breaks_links=True,
    gradebook=GradebookRules(
        refusal="Incorrect score received",
        no_student=400,
        no_maximum=400,
        outdated_text="Refusing score with an earlier timestamp",
        keeps_progress=False,
        checks_words=False,
        takes_zero_maximum=True,
    ),
)
# Source: Canvas `lti/ims/scores_controller.rb` and `line_items_controller.rb`; its Score API,
# developer key and throttling documentation.
CANVAS = Profile(
    name="canvas",
    title="Canvas",
    family="canvas",
    client_id="10000000000004",
    deployment_id="1:8865aa05b4b79b64a91a86042e43af5ea8ae79eb",
    habits=(
        "People have an opaque id and a legacy one; institution roles stand beside course roles.",
        "No submission review: SpeedGrader opens the address that came with a submission.",
        "Every score makes a new attempt unless it says new_submission: false.",
        "Scores in progress clear the grade unless they say preserve_score.",
        "An older timestamp is 400, somebody who is no student 422, too fast 403.",
        "Only the first column of an activity is seen; one without a link makes an assignment.",
        "Callers must name themselves (User-Agent); one scope too many refuses them all.",
        "A privacy level decides whether the tool is told names and addresses.",
    ),
    subjects=Subjects.OPAQUE,
    roster=Roster.WHOLE,
    token_seconds=3600,
    storage_target="_parent",
    names_placements=True,
    login_extras=(("canvas_region", "us-east-1"), ("canvas_environment", "production")),
    unknown_variables=frozenset({"$ResourceLink.id.history"}),
    has_privacy_levels=True,
    adds_one_at_a_time=True,
    has_reviews=False,
    refuses_unknown_scopes=True,
    wants_user_agent=True,
    hides_ids=True,
    throttles_with=403,
    gradebook=GradebookRules(
        unknown_person=422,
        outdated=400,
        outdated_text="Provided timestamp of {told} before last updated timestamp of {stands}",
        compares_seconds=False,
        ungraded=frozenset({"NotReady", "Failed", "Pending"}),
        keeps_comment=True,
        takes_submissions=True,
    ),
)
# Source: D2L knowledge base 23661, 23752, 23764, 4261; Hypothesis' notes on duplicate columns.
BRIGHTSPACE = Profile(
    name="brightspace",
    title="Brightspace",
    family="desire2learn",
    client_id="b4d3f1c2-6a0e-4b7d-9c55-0f6a2d9e7711",
    deployment_id="5f2c8a90-3e1b-47d6-8f04-c19d7be6a233",
    habits=(
        "Token requests are addressed to an audience of its own.",
        "Launches have nbf and a claim of Brightspace’s; the login must bring state back.",
        "Links with a query string are refused in deep linking.",
        "A column without a maximum is made anew for every score.",
        "A role that is not graded is 422; too fast is 429 with Retry-After.",
    ),
    subjects=Subjects.OPAQUE,
    roster=Roster.WHOLE,
    sends_not_before=True,
    storage_target="_parent",
    unknown_variables=frozenset(
        {
            "$ResourceLink.available.startDateTime",
            "$ResourceLink.available.endDateTime",
            "$ResourceLink.submission.startDateTime",
            "$ResourceLink.submission.endDateTime",
        }
    ),
    has_privacy_levels=True,
    takes_queries=False,
    takes_open_columns=True,
    wants_state=True,
    has_own_audience=True,
    hides_ids=True,
    gradebook=GradebookRules(unknown_person=422),
)
PROFILES = {each.name: each for each in (STANDARD, MOODLE, CANVAS, BRIGHTSPACE)}


def find_profile(name: str | None) -> Profile | None:
    """Return the profile of this name, if there is one."""
    return PROFILES.get(name or "")
