"""Move traffic to a new version step by step, judged by Prometheus, and take it back where it is worse.

- `plan/` is what a person writes down: steps, pauses, gates and limits
- `gates/` judges a new version beside the old one, from counts that Prometheus has; `prometheus.py` asks for them
- `machine/` decides what comes next, from what was seen; both are pure
- `backends/` are the ways to share traffic: routes of the Gateway API, replicas behind one Service, KServe's own
- `starting.py` makes ready and `carrying.py` stands around `running.py`, the loop: look, decide, write, do, tell
- `ledger.py` holds the lock and the state, in one Lease; `beside.py` reads it, and asks whoever has it for something
- `telling.py` and `screen.py` are what is read along; `dry_run.py` says what would be done
- `report/` is what is left of it: JSON, Markdown and the traffic as a picture
"""
