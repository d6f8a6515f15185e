"""What the chart says of the server's settings, from `serving/settings.py`, and what it carries of `monitoring`.

A request's path never comes here. `python -m helm.generate` writes, and with
`--check` judges, five things: the marked parts of `values.yaml`, the template
that makes environment variables of values, the schema, the chart's README, and
the copies of rules and dashboards.

- `setting_values.py`  which setting is which value, and which are none
- `values_file.py`     the marked parts of `values.yaml`
- `manual.py`          `values.yaml` read back with its comments
- `env_template.py`    values to environment variables
- `schema.py`          what a value may be
- `readme.py`          the manual as tables
- `shipped.py`         rules and dashboards, copied as they are
"""
