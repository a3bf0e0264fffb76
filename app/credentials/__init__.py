"""An award as a signed Open Badges 3.0 credential. Pure: no database, clock, HTTP or settings."""
