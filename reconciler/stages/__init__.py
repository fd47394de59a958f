"""The steps of the loop, one pure module each."""
