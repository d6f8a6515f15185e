"""Judge a new version beside the old one.

- `measures.py` lists what can be measured, and the PromQL that measures it
- `reading.py` is what came back, `finding.py` what is concluded
- `statistics.py` are the bounds; `judge.py` applies them
"""
