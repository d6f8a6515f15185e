"""The words after `python -m loadtests`: each file adds its options to a parser, and does it.

Nothing here imports Locust before it is sure that load is to be put on
something: that import changes the whole process.
"""
