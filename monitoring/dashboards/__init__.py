"""Grafana's dashboards, written as Python and emitted as the JSON that Grafana loads.

    query.py look.py panel.py kinds.py
                   what is asked, how values look, what panels have, and their kinds
    layout.py dashboard.py frame.py
                   where panels stand, what a dashboard has, and what all six share
    expressions.py the forms of PromQL that neither show a NaN nor hide a zero
    overview.py latency.py batching.py quality.py drift.py rollout.py
                   the six
    latency_panels.py resources.py
                   panels of more than one of them, or too many for their file
    catalogue.py   all of them, and their files

Knows neither Grafana nor Prometheus, only what they read.
"""
