"""What the chart says of the server's settings, written from `serving/settings.py`.

A request's path never comes here. `python -m helm.generate` writes, and with
`--check` judges, four things: the marked parts of `values.yaml`, the template
that makes environment variables of values, the schema, and the chart's README.

- `setting_values.py`  which setting is which value, and which are none
- `values_file.py`     the marked parts of `values.yaml`
- `manual.py`          `values.yaml` read back with its comments
- `env_template.py`    values to environment variables
- `schema.py`          what a value may be
- `readme.py`          the manual as tables
"""
