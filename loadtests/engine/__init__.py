"""The load itself, on Locust: runners, workers, the spawner of arrivals.

Pure, and so importable by tests:
offset.py      how far another machine's clock is from this one's
giving_up.py   when a target has been silent for too long

Under gevent, which changes the whole process, so no test imports them:
patching.py    imported first of all
alarm.py       wakes a greenlet at a moment
generator.py   sends each request when it is due, and keeps what became of it
"""
