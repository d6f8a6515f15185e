"""What a person writes down of a rollout: `form.py` is its form, `read.py` reads it."""
