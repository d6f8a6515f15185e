"""Follow a rollout until it is out, or has failed for a reason a person understands.

- `looking.py` reads what there is at one moment, and `seen.py` holds it
- `carrying.py` tells whether KServe has put an InferenceService into its Deployment
- `progress.py` counts pods, `troubles.py` names what is wrong with them
- `verdict.py` decides: out, failed, or look again
- `following.py` is the loop around these, `telling.py` what a person reads of it

All but `looking.py`, `following.py` and `telling.py` are pure.
"""
