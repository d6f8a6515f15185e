"""The protocol as a table: each row one fact of it, asked of a running server.

`python -m tests.contract.conformance --http HOST:PORT --grpc HOST:PORT` asks any
server that serves the models `dense`, `two_inputs`, `text` and `scalar` of
`tests/contract/zoo.py`, and tells which facts it keeps.
"""
