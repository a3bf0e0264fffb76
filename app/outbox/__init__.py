"""Deliveries owed to the outside, kept until they are acknowledged."""
