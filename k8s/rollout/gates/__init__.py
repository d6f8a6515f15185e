"""Judge a new version beside the old one.

- `measures.py` lists what can be measured, `questions.py` holds the PromQL, `ask.py` fills it in
- `sample.py` is what came back; `reading.py` and `histogram.py` make numbers of it that can be relied on
- `shares.py`, `quantiles.py`, `levels.py`, `classes.py`, `means.py`, `growth.py` judge a kind of measure each
- `statistics.py` are the bounds; `judge.py` applies all to a window and gives findings
- `defaults.py` are the gates of a plan that names none, from the promise of the service
"""
