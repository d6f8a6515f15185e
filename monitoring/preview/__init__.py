"""Grafana's dashboards as pictures, without Grafana.

Takes a dashboard's JSON, asks Prometheus what Grafana would ask, and draws
what it would show. For reviews, for documents, and for machines where no
Grafana runs; not a pixel is promised to be the same.

    span.py choices.py     the time and the variables that a query is filled with
    prometheus.py frames.py transformations.py
                           what is asked, and what comes back, brought into shape
    fields.py units.py colours.py
                           how a value is shown: options, overrides, units, thresholds
    canvas.py legend.py times.py
                           what everything is drawn on
    timeseries.py single_values.py bands.py bars.py tables.py
                           the kinds of panels
    dashboard.py           all of it
"""
