"""The whole of monitoring on one machine, without containers: `make monitor`.

    __main__.py     starts everything, says what to open, and ends everything
    places.py       programs, ports and files that it needs, and what is said where one is missing
    processes.py    what it has started, watched and ended together
    traffic.py      callers: real digits, labels some time later, and trouble on request
    questions.py    what those callers send; pure
    digits.py       where the digits come from
    notices.py      shows what Alertmanager has to say; needs Python alone
    pictures.py     the dashboards, drawn again and again

Starts the server by its command line, and knows nothing of it otherwise.
"""
