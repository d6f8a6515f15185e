"""Whether a run passed: values in, values out.

result.py        what a verdict is, and the exit status that says it
judge.py         every gate in every phase, and what they come to together
gate.py          one gate in one phase
capacity.py      the largest rate that holds the promise
phase.py         a phase as a gate looks at it
estimate.py      what was seen of a measure, with its interval
limit.py         the number that a gate asks for
marking.py       whether the one keeps the other, and whether enough was seen to say so
soundness.py     whether the generator did what was planned
compare.py       a run against a stored one
comparison.py    what came out of that, and when a difference counts
differences.py   its rows
searches.py      two searches for the capacity
comparable.py    whether two runs asked the same
resampling.py    how far a figure would swing had its seconds come otherwise
binomial.py      exact intervals
phrases.py       numbers in words
"""
