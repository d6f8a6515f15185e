"""Whether a run passed: values in, values out.

result.py  what a verdict is, and the exit status that says it
"""
