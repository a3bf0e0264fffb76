"""Scores to the gradebook: what a status means there, line items, the AGS client."""
