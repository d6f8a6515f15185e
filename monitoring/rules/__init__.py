"""The recording rules and the alerts, as tables, one file a family.

    rule.py        what is written down of a rule
    windows.py     over which times is looked, and how much of a budget may burn in them
    requests.py latency.py saturation.py batching.py
                   how requests fare
    inputs.py predictions.py quality.py
                   how the model fares, against its baseline and late labels
    rollout.py platform.py
                   revisions beside each other, and what a server stands on
    families.py    all of them, in order

Each family has a function for what is recorded and one for its alerts, both of
the promise in slo.yaml. PromQL is of Prometheus 2.42. Two traps are kept out of
every ratio: without traffic it is absent, not NaN; without an error it is 0.
"""
