"""Load on a server that is asked from outside: nothing here imports the server.

- `python -m loadtests run`: a profile of load, and a verdict that one can trust.
- `bench/`: this server against stock KServe, side by side, as `make bench`.
- `image/`: its image against stock KServe's, as `make bench-image`.

A load test is planned (`profile/`, `profiles/`), asks (`requests/`) over the wire
(`clients/`) when it is due (`engine/`), keeps what it saw (`measure/`), is judged
(`verdict/`) and told (`report/`). All but `clients/` and `engine/` know no Locust.
"""
