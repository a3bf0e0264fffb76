"""The forms of the room: the deep-linking answer, a waiting launch, and one-button acts."""

from flask_babel import lazy_gettext as _l
from wtforms import Form, HiddenField, SubmitField

from app.core.forms import Form as OwnForm


class DeepLinkReturnForm(Form):
    """Posts to the LMS, so it has no token of ours. Source: LTI Deep Linking 2.0 §4.5."""

    JWT = HiddenField()
    submit = SubmitField(_l("Add it to the course"))


class ContinueForm(Form):
    """Takes a waiting launch up. No form token: nobody is signed in, and the ticket is one.

    `secret`: what the platform's storage gave back; a script fills it in.
    """

    ticket = HiddenField()
    secret = HiddenField()


class ActForm(OwnForm):
    """One button; only the form's token matters."""
