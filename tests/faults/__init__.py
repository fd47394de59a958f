"""Every fault at every request of an apply: nothing is lost, nothing is doubled, and the log tells the truth."""
