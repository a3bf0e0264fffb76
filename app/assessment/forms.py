"""The forms of the workbench."""

from collections.abc import Sequence

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field, IntegerField, RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import HiddenInput

from app.assessment.models import Decision
from app.assessment.scoring import choose_levels, list_shortfalls
from app.catalog.models import Criterion
from app.core.forms import Form
from app.evidence.texts import drop_controls

MAX_TEXT = 4000
RATING, COMMENT = "criterion_", "comment_"
TOO_LONG = _l("Keep it under %(max)d characters.")


def clean(value: str | None) -> str | None:
    """Take control characters and outer white space from typed text; what is not sent stays so."""
    return None if value is None else drop_controls(value)


class AssessForm(Form):
    """A rubric: levels as radio buttons and a comment per criterion; then the decision.

    `attempt_id`: the work that was on the page when the grantor judged it.
    `holder_id`: who had it then.
    """

    criteria: Sequence[Criterion] = ()

    attempt_id = IntegerField(
        widget=HiddenInput(),
        validators=[InputRequired(_l("Load the page again: it does not say what was assessed."))],
    )
    holder_id = IntegerField(widget=HiddenInput(), validators=[Optional()])
    decision = RadioField(
        _l("Your decision"),
        choices=[
            SelectChoice(Decision.MET.value, _l("Met")),
            SelectChoice(Decision.REVISION.value, _l("Revision requested")),
            SelectChoice(Decision.NOT_MET.value, _l("Not met")),
        ],
        validators=[InputRequired(_l("Choose a decision"))],
    )
    reason = TextAreaField(
        _l("Reason"),
        description=_l("Needed for a revision or “not met”. The learner and the gradebook get it."),
        filters=[clean],
        validators=[Length(max=MAX_TEXT, message=TOO_LONG)],
    )

    @classmethod
    def for_criteria(
        cls, criteria: Sequence[Criterion], *, attempt_id: int, holder_id: int | None
    ) -> "AssessForm":
        """Build the form of one rubric, bound to the request if it is a POST."""
        fields: dict[str, object] = {"criteria": criteria}
        for criterion in criteria:
            fields[f"{RATING}{criterion.id}"] = RadioField(
                criterion.name,
                choices=[
                    SelectChoice(str(level.id), level.name) for level in criterion.rubric_levels
                ],
                coerce=int,
                validators=[InputRequired(_("Choose a level for “%(name)s”", name=criterion.name))],
            )
            fields[f"{COMMENT}{criterion.id}"] = TextAreaField(
                _("Comment on “%(name)s”", name=criterion.name),
                filters=[clean],
                validators=[Length(max=MAX_TEXT, message=TOO_LONG)],
            )
        form: AssessForm = type("BoundAssessForm", (cls,), fields)(
            attempt_id=attempt_id, holder_id=holder_id
        )
        return form

    def validate(self, extra_validators: dict[str, object] | None = None) -> bool:
        """Check the fields, then whether levels, decision and reason fit together."""
        is_valid = bool(super().validate(extra_validators))
        if self.decision.data in {Decision.REVISION, Decision.NOT_MET} and not self.reason.data:
            self.reason.errors = [_("Give the learner a reason for this decision")]
            is_valid = False
        if is_valid and self.decision.data == Decision.MET:
            is_valid = self._check_required_levels()
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

    def _check_required_levels(self) -> bool:
        shortfalls = list_shortfalls(self.criteria, choose_levels(self.criteria, self.ratings))
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
