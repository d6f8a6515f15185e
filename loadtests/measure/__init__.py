"""What is recorded of a run, and how it is merged: no clock, no socket, no Locust.

outcome.py      how a request can end
observation.py  one request that has ended
histogram.py    a distribution of durations, merged without loss
cell.py         all requests of one kind that were planned for one second
timeline.py     the cells of a run, and any part of it summed up
run.py          a whole run, as it is kept in a file
"""
