"""Model: values only; imports nothing of ours."""
