"""What is wrong with a rule, before Prometheus or the night shift finds it.

    known.py       which series there are, with which labels and which values
    foreign.py     those of them that others export
    expression.py  one expression, read against them: labels, kinds, windows
    rules.py       all rules together: names, what an alert has to say, the runbook

Pure: expressions and tables in, sentences out, each with the name of its rule.
"""
