"""baseline.json: the form of the file that says what held-out data looks like.

Written beside a model by `model`, read by the server, which compares live rows
with it. Knows neither.
"""

SCHEMA_VERSION = 1
