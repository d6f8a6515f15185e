"""The load itself, on Locust: runners, workers, the spawner of arrivals, a run from its order to its exit status.

Pure, and so importable by tests:
order.py, intent.py        what was ordered, and how that is said beforehand
headers.py                 headers that every request carries
change_words.py            the command of a change
offset.py                  how far another machine's clock is from this one's
giving_up.py               when a target has been silent for too long
open_files.py              as many connections as may be
assignment.py, hello.py, messages.py    what masters and workers say to each other

Under gevent, which changes the whole process, so no test imports them:
patching.py                called first of all
running.py                 the list of a run's parts
preflight.py, known_accuracy.py         the target before the load
preparing.py               questions and clients
alarm.py, generator.py     each request sent when it is due, and what became of it
load_user.py               Locust's side of a worker
crew.py, local_crew.py, remote_crew.py, processes.py    who puts the load on, for the conductor
worker.py                  one of them, elsewhere
conductor.py               a run led from its first second to its last
change.py                  the change performed beside the load
interruption.py            Ctrl-C
showing.py, metrics_server.py           a run shown while it goes on
surroundings.py            what a run was made with
"""
