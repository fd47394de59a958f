"""Stories: a desired state, a live state, and what must come of the two."""
