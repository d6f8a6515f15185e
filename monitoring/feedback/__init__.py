"""Late labels, sent to a server in one go: `python -m monitoring.feedback labels.csv --to http://host:8080`.

labels_file.py   CSV to labels, each with the number of its line
sending.py       labels to the server, again where it could not be reached
report.py        what became of them, in words
"""
