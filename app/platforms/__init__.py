"""The institution (the tenant), the LMSs that it trusts, and the tool's own keys."""
