"""The recording rules and the alerts, as tables, one file a family.

    rule.py        what is written down of a rule
    windows.py     over which times is looked, and how much of a budget may burn in them
    recording/     what is computed of the counters, at each evaluation
    alerts/        what somebody is told
    families.py    all of them, in order
    rendering.py   them as files that Prometheus reads
    review/        what is wrong with a rule, before Prometheus or the night shift finds it

A family is a module in recording/, in alerts/ or in both, each with a function
of the promise in slo.yaml. PromQL is of Prometheus 2.42. Two traps are kept out
of every ratio: without traffic it is absent, not NaN; without an error it is 0.
"""
