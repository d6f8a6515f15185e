"""What a load test does, written down: one YAML file each in `loadtests/profiles/`.

form.py             what a profile may say, with every default
read.py             a profile from a file, with what the command line sets in its place
overriding.py       what `--set` means
mistakes.py         what is wrong with a single field, in sentences
contradictions.py   what is wrong with the whole
trace_file.py       arrivals that are written down
rate_curve.py       how a rate changes over a phase
segment.py          a stretch of a run, as those who send are told of it
arrivals.py         when requests are due, a second at a time
capacity_search.py  which rate is tried next, on the way to the largest that holds
in_flight.py        how many requests may wait at once
course.py           where a run stands in its profile, and what comes next
"""
