"""The institution's micro-credential programme: levels, issuers, grantors."""
