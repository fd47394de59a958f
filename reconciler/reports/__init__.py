"""A plan as text, Markdown, HTML or JSON."""
