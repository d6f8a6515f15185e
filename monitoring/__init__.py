"""What is watched, and the rules and pictures made of it.

- `contract.py`: every metric by name; the one table that code, rules, panels
  and documents are checked against.
"""
