"""From the digits of MNIST to a SavedModel that can be served.

Three commands: `python -m model.train` makes a version, `python -m model.evaluate`
says whether it is good enough, and `python -m model.baseline` says of anybody's
model what its inputs and answers look like. What they call lies here:

    data.py             the 70,000 images, from the first link that has them
      links.py          the links: file, cache, Keras, npm, scikit-learn's digits
      idx.py            the four files of MNIST, their format and pinned checksums
    hyperparameters.py  the settings of one training run
    network.py          the two networks
    fitting.py          the loop that trains them, watched
    saved_model.py      the serving signature, written and read back
    export.py           a version folder: all of it, or nothing
    card.py             model_card.json: where a version comes from
    baseline/           baseline.json: what held-out rows look like, and how a model answers them
    quality.py          accuracy, recall, calibration, and the comparison of two models
    verdict.py          thresholds on those numbers: good enough, and not worse
    figures.py          curves.png and confusion.png
    command.py          what the commands share: options, exit statuses
    errors.py           what can go wrong, one sentence each
    framework.py        TensorFlow and Keras, made quiet before they are imported

Nothing here knows how a model is served.
"""
