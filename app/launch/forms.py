"""The forms that carry a deep-linking answer to the LMS, and a waiting launch to its session."""

from flask_babel import lazy_gettext as _l
from wtforms import Form, HiddenField, SubmitField


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
