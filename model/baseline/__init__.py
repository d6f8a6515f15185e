"""baseline.json: what held-out rows look like, and how the model answers them.

Drift, confidence and quality of live traffic are later compared with this file
alone. Rows that were trained on never belong in it: a reference the model was
fitted to cries wolf. Its form is `monitoring.baseline`'s; what fills it:

    __main__.py      the command, for anybody's model and rows
    table.py         rows from npz, CSV or Parquet
    any_model.py     a SavedModel run on many rows, the row at fault named
    matching.py      which rows feed which input
    watching.py      what of the inputs is watched: an image's summaries, or columns
    answers.py       which output holds classes, and what it says
    labels.py        true classes, from numbers or names
    histograms.py    bins, bounds and moments of numbers
    calibration.py   from confidence to the chance of being right
    describe.py      the content of the file
    reference.py     the file of the reference model, as training writes it
    doubts.py        what the user should know of the file that was made
    placing.py       the file on disk: all of it, or nothing

TensorFlow is imported by `any_model.py` alone.
"""
