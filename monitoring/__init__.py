"""What is watched, and the rules and pictures made of it.

    contract/    every metric by name; what code, rules, panels and documents are checked against
    features.py  the numbers that sum up a row of input
    baseline.py  the form of baseline.json, with which live rows are compared

The server and the trainer know these three and nothing else of this folder.
"""
