"""Every metric that a server exports: name, type, labels, buckets, reader.

The one place where these are written. The server builds its metrics from this
table, so a name that is not here cannot be exported. Pure data: imports
neither a metrics library nor the server.

    metric.py        what is written down of a metric
    labels.py        which values each label may have
    values.py        closed lists of label values, bounds of histograms
    operations.py    requests, batches, models' lives, the process
    observations.py  inputs, predictions, late labels, and the baseline
    load_tests.py    what load tests export, which are no servers

Names carry their base unit. `model_name` and `model_version` come first on
whatever belongs to a model.
"""

from monitoring.contract.observations import OBSERVATIONS
from monitoring.contract.operations import OPERATIONS

CONTRACT = (*OPERATIONS, *OBSERVATIONS)
