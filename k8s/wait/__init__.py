"""Follow a rollout until it is out, or has failed for a reason a person understands.

- `looking.py` reads what there is at one moment, and `seen.py` holds it
- `carrying.py` tells whether KServe has put an InferenceService into its Deployment, `expected.py` what must be there
- `progress.py` counts pods; `pod_troubles.py`, `rollout_troubles.py` name what is wrong, `troubles.py` who can mend it
- `verdict.py` decides: out, failed, or look again
- `following.py` is the loop around these; `telling.py` and `screen.py` are what is read of it

What decides is pure: `.importlinter` names the files.
"""
