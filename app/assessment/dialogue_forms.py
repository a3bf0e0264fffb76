"""The forms by which learners and those who assess write to each other."""

from flask_babel import lazy_gettext as _l
from wtforms import TextAreaField
from wtforms.validators import DataRequired, Length

from app.assessment.appeals import MAX_REASON
from app.assessment.questions import MAX_MESSAGE
from app.core.forms import Form
from app.evidence.texts import drop_controls

TOO_LONG = _l("Keep it under %(max)d characters.")


class QuestionForm(Form):
    """A question of a learner."""

    body = TextAreaField(
        _l("Your question"),
        description=_l("Those who assess this work read it, and so does the course's staff."),
        filters=[lambda value: drop_controls(value or "")],
        validators=[
            DataRequired(_l("Write your question first")),
            Length(max=MAX_MESSAGE, message=TOO_LONG),
        ],
    )


class AnswerForm(Form):
    """What somebody who assesses says to the learner."""

    body = TextAreaField(
        _l("Your message to the learner"),
        description=_l("It changes nothing in the decision; the learner need not hand in again."),
        filters=[lambda value: drop_controls(value or "")],
        validators=[
            DataRequired(_l("Write your message first")),
            Length(max=MAX_MESSAGE, message=TOO_LONG),
        ],
    )


class AppealForm(Form):
    """Why a learner objects to a final decision."""

    reason = TextAreaField(
        _l("Why do you think that the decision is wrong?"),
        description=_l(
            "Name the criterion, and where in your work it is shown. Another grantor reads this "
            "beside your work."
        ),
        filters=[lambda value: drop_controls(value or "")],
        validators=[
            DataRequired(_l("Say why you think that the decision is wrong")),
            Length(max=MAX_REASON, message=TOO_LONG),
        ],
    )
