"""Sign-in outside the LMS, for administrators and reviewers."""
