"""What the lab can measure, a module a row or two."""
