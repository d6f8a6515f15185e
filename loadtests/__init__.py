"""Load on a server that is asked from outside: nothing here imports the server.

- `bench/`: this server against stock KServe, side by side, as `make bench`.
"""
