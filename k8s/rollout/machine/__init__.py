"""Decide what comes next in a rollout.

- `phase.py` names where it can be, `state.py` is all that is remembered, as JSON
- `needs.py` says what must be looked at; `decide.py` takes the look and gives the next state and what to do
"""
