"""The forms of the workbench."""

from collections.abc import Mapping, Sequence
from textwrap import shorten
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    Field,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.fields.core import UnboundField
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import HiddenInput

from app.assessment.desk_models import AssessmentDraft, SavedComment
from app.assessment.drafts import COMMENT, RATING
from app.assessment.models import Decision, Rating
from app.assessment.recording import Judgement, is_showable
from app.assessment.scoring import choose_levels, list_shortfalls
from app.assessment.tally import Tally, add_up
from app.catalog.models import Criterion
from app.core.forms import Form
from app.evidence.models import Attempt
from app.evidence.naming import file_names_for_assessing
from app.evidence.texts import drop_controls

MAX_TEXT = 4000
SAVED = "saved_"
TOO_LONG = _l("Keep it under %(max)d characters.")


def clean(value: str | None) -> str | None:
    """Take control characters and outer white space from typed text; what is not sent stays so."""
    return None if value is None else drop_controls(value)


class AssessForm(Form):
    """A rubric: levels as radio buttons and a comment per criterion; then the decision.

    `attempt_id`: the work that was on the page when the grantor judged it.
    `holder_id`: who had it then. `draft_revision`: of the draft that the page shows.
    """

    criteria: Sequence[Criterion] = ()

    attempt_id = IntegerField(
        widget=HiddenInput(),
        validators=[InputRequired(_l("Load the page again: it does not say what was assessed."))],
    )
    holder_id = IntegerField(widget=HiddenInput(), validators=[Optional()])
    draft_revision = IntegerField(widget=HiddenInput(), validators=[Optional()])
    decision = RadioField(
        _l("Your decision"),
        choices=[
            SelectChoice(Decision.MET.value, _l("Met")),
            SelectChoice(Decision.REVISION.value, _l("Revision requested")),
            SelectChoice(Decision.NOT_MET.value, _l("Not met")),
        ],
        validators=[InputRequired(_l("Choose a decision"))],
    )
    parts = SelectMultipleField(
        _l("What is to be revised"),
        description=_l("The learner changes only these parts. None ticked: all of the work."),
        coerce=int,
    )
    shown_artifacts = SelectMultipleField(
        _l("What may be shown with the award"),
        description=_l(
            "Work for this badge can stand beside it as public evidence: only what you tick here, "
            "and only if the learner agrees."
        ),
        coerce=int,
    )
    reason = TextAreaField(
        _l("Note to the learner"),
        description=_l("Needed for a revision or “not met”. The learner and the gradebook get it."),
        filters=[clean],
        validators=[Length(max=MAX_TEXT, message=TOO_LONG)],
    )
    staff_note = TextAreaField(
        _l("Note to staff only"),
        description=_l("Those who assess and the staff of the course read it; the learner never."),
        filters=[clean],
        validators=[Length(max=MAX_TEXT, message=TOO_LONG)],
    )
    states_no_conflict = BooleanField(
        _l("I have no conflict of interest with whoever handed this in"),
        description=_l("No kinship, close tie or dependence that could sway what you decide."),
        validators=[InputRequired(_l("Say that you have no conflict of interest"))],
    )

    @classmethod
    def for_attempt(
        cls,
        attempt: Attempt,
        criteria: Sequence[Criterion],
        *,
        holder_id: int | None,
        saved: Sequence[SavedComment] = (),
        draft: AssessmentDraft | None = None,
    ) -> "AssessForm":
        """Build the form for one attempt: bound to the request if it is a POST, else to a draft."""
        is_new = request.method == "GET"
        fields: dict[str, object] = {"criteria": criteria}
        for criterion in criteria:
            fields |= _criterion_fields(criterion, saved)
        for place, field in enumerate(fields.values()):
            if isinstance(field, UnboundField):
                # Problems are listed as the page goes: the rubric comes before the decision.
                field.creation_counter = place - len(fields)
        form: AssessForm = type("BoundAssessForm", (cls,), fields)(
            **({"formdata": _form_data(draft)} if draft and is_new else {}),
            attempt_id=attempt.id,
            holder_id=holder_id,
            draft_revision=draft.revision if draft else 0,
        )
        form.parts.choices = [SelectChoice(each.id, each.name) for each in criteria]
        names = file_names_for_assessing(attempt.submission)
        shares = attempt.submission.assignment.version.achievement.level.shares_evidence
        form.shown_artifacts.choices = [
            SelectChoice(each.id, names.of(each) or each.title or each.url or _("Text"))
            for each in attempt.artifacts
            if shares and is_showable(each)
        ]
        if is_new and not form.decision.data:
            form.parts.data = [criterion.id for criterion in form.tally.below]
        return form

    def validate(self, extra_validators: dict[str, object] | None = None) -> bool:
        """Check the fields, then whether levels, decision and reason fit together."""
        is_valid = bool(super().validate(extra_validators))
        if self.decision.data in {Decision.REVISION, Decision.NOT_MET} and not self.reason.data:
            self.reason.errors = [_("Give the learner a reason for this decision")]
            is_valid = False
        if self.decision.data == Decision.MET and not self._check_required_levels():
            is_valid = False
        return is_valid

    def confirm_holder(self, person_id: int, *, holder_id: int | None, name: str) -> bool:
        """Say once that somebody has taken the work over since the page was shown.

        Nothing typed is lost; recording again goes through. Returns whether it may go on.
        """
        if holder_id in {None, person_id, self.holder_id.data}:
            return True
        self.holder_id.data, self.holder_id.raw_data = holder_id, None
        self.form_errors.append(
            _(
                "%(name)s has taken this over since you opened it. Record again only if you "
                "have agreed that you decide.",
                name=name,
            )
        )
        return False

    def take_up(self, kept: Mapping[int, Rating]) -> None:
        """Fill in what was said before of parts that have not changed since."""
        for criterion in self.criteria:
            if criterion.id in kept:
                self.rating(criterion).data = kept[criterion.id].rubric_level_id
                self.comment(criterion).data = kept[criterion.id].comment

    @property
    def tally(self) -> Tally:
        """How the levels chosen so far add up."""
        return add_up(self.criteria, {each.id: self.rating(each).data for each in self.criteria})

    @property
    def content(self) -> dict[str, object]:
        """What is filled in so far, right or wrong, for a draft."""
        content: dict[str, object] = {
            "decision": self.decision.data or "",
            "reason": self.reason.data or "",
            "staff_note": self.staff_note.data or "",
            "parts": [str(part) for part in self.parts.data or ()],
            "shown_artifacts": [str(artifact) for artifact in self.shown_artifacts.data or ()],
            "states_no_conflict": "y" if self.states_no_conflict.data else "",
        }
        for each in self.criteria:
            chosen = self.rating(each).data
            content[self.rating(each).name] = "" if chosen is None else str(chosen)
            content[self.comment(each).name] = self.comment(each).data or ""
        return content

    @property
    def judgement(self) -> Judgement:
        """What was filled in; read it on a valid form.

        Parts and marks count only for the decision that they belong to: the page
        shows them with no other.
        """
        decision = Decision(self.decision.data)
        parts = self.parts.data if decision is Decision.REVISION else ()
        shown = self.shown_artifacts.data if decision is Decision.MET else ()
        return Judgement(
            attempt_id=self.attempt_id.data,
            ratings=self.ratings,
            comments=self.comments,
            decision=decision,
            reason=self.reason.data or "",
            staff_note=self.staff_note.data or "",
            parts=frozenset(parts),
            shown_artifact_ids=frozenset(shown),
            states_no_conflict=self.states_no_conflict.data,
        )

    @property
    def ratings(self) -> dict[int, int]:
        """The chosen rubric level ids by criterion id; read it on a valid form."""
        return {criterion.id: self.rating(criterion).data for criterion in self.criteria}

    @property
    def comments(self) -> dict[int, str]:
        """The comments by criterion id; empty where none was written."""
        return {criterion.id: self.comment(criterion).data or "" for criterion in self.criteria}

    def rating(self, criterion: Criterion) -> Field:
        """Return the radio buttons of one criterion."""
        return self[f"{RATING}{criterion.id}"]

    def comment(self, criterion: Criterion) -> Field:
        """Return the comment field of one criterion."""
        return self[f"{COMMENT}{criterion.id}"]

    def saved(self, criterion: Criterion) -> Field:
        """Return the choice of saved comments for one criterion."""
        return self[f"{SAVED}{criterion.id}"]

    def list_typed(self) -> list[tuple[str, str]]:
        """Return what was filled in, each with its label, to be shown once more."""
        return list_filled_in(self.content, self.criteria)

    def _check_required_levels(self) -> bool:
        rated = [each for each in self.criteria if not self.rating(each).errors]
        ratings = {each.id: self.rating(each).data for each in rated}
        shortfalls = list_shortfalls(rated, choose_levels(rated, ratings))
        for criterion in shortfalls:
            message = _(
                "“%(name)s” is below the level it needs, so the decision cannot be “met”",
                name=criterion.name,
            )
            self.rating(criterion).errors = [message]
        return not shortfalls


class StartForm(Form):
    """One button. `seen_assessor_id`: who had the work when the page was shown."""

    seen_assessor_id = IntegerField(widget=HiddenInput(), validators=[Optional()])


def list_filled_in(
    content: Mapping[str, Any], criteria: Sequence[Criterion]
) -> list[tuple[str, str]]:
    """Return what the fields of a form, or of a draft of it, say, each with its label."""
    said = []
    for criterion in criteria:
        chosen = content.get(f"{RATING}{criterion.id}")
        levels = [level.name for level in criterion.rubric_levels if str(level.id) == chosen]
        said.append((criterion.name, "".join(levels)))
        comment = content.get(f"{COMMENT}{criterion.id}", "")
        said.append((_("Comment on “%(name)s”", name=criterion.name), comment))
    said.append((_("Note to the learner"), content.get("reason", "")))
    said.append((_("Note to staff only"), content.get("staff_note", "")))
    return [(label, text) for label, text in said if text]


def list_raw_texts(form: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return what somebody typed who may not see the rubric any more, under plain labels."""
    texts: list[tuple[str, str]] = []
    for name, value in form.items():
        if name.startswith(COMMENT) and value.strip():
            texts.append((_("Comment %(number)d", number=len(texts) + 1), value))
    for name, label in (("reason", _("Note to the learner")), ("staff_note", _("Note to staff"))):
        if form.get(name, "").strip():
            texts.append((label, form[name]))
    return texts


def _criterion_fields(criterion: Criterion, saved: Sequence[SavedComment]) -> dict[str, object]:
    return {
        f"{RATING}{criterion.id}": RadioField(
            criterion.name,
            choices=[SelectChoice(str(level.id), level.name) for level in criterion.rubric_levels],
            coerce=int,
            validators=[InputRequired(_("Choose a level for “%(name)s”", name=criterion.name))],
        ),
        f"{COMMENT}{criterion.id}": TextAreaField(
            _("Comment on “%(name)s”", name=criterion.name),
            filters=[clean],
            validators=[Length(max=MAX_TEXT, message=TOO_LONG)],
        ),
        f"{SAVED}{criterion.id}": SelectField(
            _("My comments"),
            choices=[
                SelectChoice("", _("Choose one …")),
                *(SelectChoice(str(each.id), shorten(each.text, 80)) for each in saved),
            ],
            validate_choice=False,
        ),
    }


def _form_data(draft: AssessmentDraft) -> MultiDict[str, str]:
    return MultiDict(draft.content)
