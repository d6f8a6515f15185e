"""One SavedModel behind KServe's contract, many callers to a batch.

The path of a request, one file after the other:

1. `rest.py` or `grpc_listener.py` takes it off the wire and finds its endpoint
   in `catalogue.py`.
2. `endpoint.py` has it decoded (`payload_v1.py`, `payload_v2.py`,
   `payload_grpc.py`) against the model's `signature.py`.
3. `batching.py` queues it; `schedule.py` says when its batch leaves.
4. `lane.py` runs the batch, here or on a thread, through `saved_model.py`.
5. `batching.py` gives each caller its rows, and `endpoint.py` encodes them.

`extensions.py` answers what Triton's clients ask beside inference, over REST
(`rest_extensions.py`) and gRPC (`grpc_extensions.py`); `feedback.py` counts labels
that come later, by the ids that `id_issuer.py` gave answers.
`predictor.py` is KServe's side of it, `process.py` the life around it.
"""

VERSION = "0.1.0"
