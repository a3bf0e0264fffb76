"""Which assignment shows which criteria; deep linking."""
