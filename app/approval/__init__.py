"""Proposals, reviews and approvals."""
