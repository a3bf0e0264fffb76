"""The forms of reviewers and administrators."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import (
    DateField,
    Field,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    SubmitField,
    TextAreaField,
)
from wtforms import Form as PlainForm
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Optional
from wtforms.widgets import HiddenInput, SearchInput

from app.approval.deciding import Ballot, Score, Seen
from app.approval.forms import (
    MAX_LINE,
    MAX_NAME,
    MAX_REASON,
    MAX_UNIT,
    NOT_LISTED,
    at_most,
    clean_line,
    clean_text,
    readable,
)
from app.approval.standing import Vote
from app.core.forms import Form
from app.programme.rules import ReviewCriterion

MAX_WORDS = 100
SCORE, NOTE = "score_", "note_"


class ReasonForm(Form):
    """A decision with its reason. `seen_…`: the step that was on the page."""

    seen_round = IntegerField(widget=HiddenInput(), validators=[InputRequired()])
    seen_step = HiddenField(validators=[InputRequired()])
    reason = TextAreaField(
        _l("Reason"), filters=[clean_text], validators=[at_most(MAX_REASON), readable]
    )

    @property
    def seen(self) -> Seen:
        """The step that was on the page; one that nobody has if it was not said."""
        return Seen(self.seen_round.data or 0, self.seen_step.data or "")


class VoteForm(ReasonForm):
    """One reviewer's vote: rubric, vote, comment, conditions."""

    criteria: Sequence[ReviewCriterion] = ()

    vote = RadioField(
        _l("Your vote"),
        choices=[
            SelectChoice(Vote.FOR.value, _l("For")),
            SelectChoice(Vote.FOR_WITH_CONDITIONS.value, _l("For, with conditions")),
            SelectChoice(Vote.AGAINST.value, _l("Against")),
            SelectChoice(Vote.ABSTAIN.value, _l("Abstain")),
        ],
        validators=[InputRequired(_l("Choose how you vote"))],
    )
    conditions = TextAreaField(
        _l("Conditions"),
        description=_l(
            "One on each line. Each must be ticked as fulfilled before the last step is closed."
        ),
        filters=[clean_text],
        validators=[at_most(MAX_REASON), readable],
    )
    reason = TextAreaField(
        _l("Comment"),
        description=_l("Needed if you are against it. The proposer and all reviewers read it."),
        filters=[clean_text],
        validators=[at_most(MAX_REASON), readable],
    )
    submit = SubmitField(_l("Record my vote"))

    @classmethod
    def build(
        cls, criteria: Sequence[ReviewCriterion], *, seen: Seen, **bound: object
    ) -> "VoteForm":
        """Build the form of one step, bound to the request unless told `formdata=None`."""
        fields: dict[str, object] = {"criteria": criteria}
        for criterion in criteria:
            fields[f"{SCORE}{criterion.key}"] = RadioField(
                criterion.name,
                choices=[
                    SelectChoice(str(position), level.name)
                    for position, level in enumerate(criterion.level)
                ],
                coerce=_position,
                validate_choice=False,
            )
            fields[f"{NOTE}{criterion.key}"] = TextAreaField(
                _("Note on “%(name)s”", name=criterion.name),
                filters=[clean_text],
                validators=[at_most(MAX_REASON), readable],
            )
        form: VoteForm = type("BoundVoteForm", (cls,), fields)(
            seen_round=seen.round, seen_step=seen.step_key, **bound
        )
        return form

    def validate(self, extra_validators: dict[str, object] | None = None) -> bool:
        """Check the fields, then whether vote, scores, comment and conditions fit together."""
        super().validate(extra_validators)
        vote = self.vote.data
        if vote == Vote.AGAINST and not self.reason.data:
            self.reason.errors = [_("Say why you are against it")]
        if vote == Vote.FOR_WITH_CONDITIONS and not self.conditions.data:
            self.conditions.errors = [_("Say at least one condition, one on each line")]
        if vote in {Vote.FOR, Vote.AGAINST, Vote.ABSTAIN} and self.conditions.data:
            self.conditions.errors = [
                _("Conditions belong to the vote “For, with conditions”: choose it, or clear this")
            ]
        for criterion in self.criteria:
            field = self.score(criterion)
            allowed = range(len(criterion.level))
            if field.data is not None and field.data not in allowed:
                field.errors = [NOT_LISTED]
            elif field.data is None and vote not in {None, Vote.ABSTAIN}:
                field.errors = [_("Score “%(name)s”", name=criterion.name)]
        return not self.errors

    def score(self, criterion: ReviewCriterion) -> Field:
        """Return the radio buttons of one criterion."""
        return self[f"{SCORE}{criterion.key}"]

    def note(self, criterion: ReviewCriterion) -> Field:
        """Return the note on one criterion."""
        return self[f"{NOTE}{criterion.key}"]

    @property
    def ballot(self) -> Ballot:
        """What was said; read it on a valid form."""
        return Ballot(
            vote=Vote(self.vote.data),
            comment=self.reason.data or "",
            conditions=[
                line.strip() for line in (self.conditions.data or "").splitlines() if line.strip()
            ],
            scores={
                criterion.key: Score(self.score(criterion).data, self.note(criterion).data or "")
                for criterion in self.criteria
                if self.score(criterion).data is not None
            },
        )


class NoteForm(Form):
    """How a condition was fulfilled, or why a proposal is withdrawn; it may stay empty."""

    note = StringField(
        _l("Note"), filters=[clean_line], validators=[Optional(), at_most(MAX_LINE), readable]
    )


class RegisterForm(Form):
    """An approval that was made elsewhere."""

    reference = StringField(
        _l("Reference"),
        description=_l("Such as the Curriculog number. It stands beside the approval."),
        filters=[clean_line],
        validators=[DataRequired(_l("Give the reference")), at_most(MAX_NAME), readable],
    )
    decided_on = DateField(
        _l("Day of the decision"),
        validators=[InputRequired(_l("Give the day, such as 2026-11-20"))],
    )
    decided_by = StringField(
        _l("Decided by"),
        description=_l("A body or a person, such as “Undergraduate Curriculum Committee”."),
        filters=[clean_line],
        validators=[DataRequired(_l("Say who decided")), at_most(MAX_NAME), readable],
    )
    until = DateField(
        _l("Holds until"),
        description=_l("The last day. Left empty, it holds until the micro-credential is changed."),
        validators=[Optional()],
    )
    document = FileField(
        _l("Document"), description=_l("The decision as a PDF, picture or office document.")
    )
    submit = SubmitField(_l("Register the approval"))


class FindForm(PlainForm):
    """Words of a name or an e-mail."""

    q = StringField(
        _l("Find a person by name or e-mail"),
        widget=SearchInput(),
        filters=[clean_line],
        validators=[Optional(), at_most(MAX_WORDS)],
    )


class ReviewerForm(Form):
    """A seat in a group for somebody who was found by name or e-mail."""

    group = SelectField(_l("Group"), validators=[InputRequired(_l("Choose a group"))])
    unit = StringField(
        _l("Unit"),
        description=_l("Only for a group whose members decide for one unit each."),
        filters=[clean_line],
        validators=[Optional(), at_most(MAX_UNIT), readable],
        render_kw={"list": "units"},
    )
    starts_on = DateField(
        _l("From"), description=_l("Left empty: from now on."), validators=[Optional()]
    )
    ends_on = DateField(
        _l("Until"), description=_l("The last day; left empty: open."), validators=[Optional()]
    )
    person = RadioField(_l("Person"), coerce=int, validators=[InputRequired(_l("Choose a person"))])
    submit = SubmitField(_l("Appoint"))


def _position(value: object) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() else None


def start_of(day: date | None) -> datetime | None:
    """Return the beginning of a day, UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) if day else None


def end_of(day: date | None) -> datetime | None:
    """Return the moment after a day, so that the day itself is included."""
    start = start_of(day)
    return start + timedelta(days=1) if start and day != date.max else start
