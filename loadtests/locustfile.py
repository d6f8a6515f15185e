"""Écluse's users for Locust, ready to run: one kind of user for each way to ask.

    locust -f loadtests/locustfile.py --host http://127.0.0.1:8080 --grpc 127.0.0.1:8081

Without --grpc nobody asks over gRPC. Other options: --model NAME, needed where
the server has several, --ca FILE, --insecure, --header 'NAME: VALUE'; as
variables, LOADTEST_GRPC, LOADTEST_MODEL, LOADTEST_CA, LOADTEST_HEADERS.
(Locust's --help tells its own options alone.) Names of classes behind the
command choose among them, as V2Binary. For users of your own, import
`loadtests.users`.
"""

import sys
from pathlib import Path

# Locust puts this folder before all others while it reads the file, and its `requests` would be taken for another's.
_here = Path(__file__).resolve().parent
sys.path[0:1] = [str(_here.parent)] * 2 if Path(sys.path[0]).resolve() == _here else [sys.path[0], str(_here.parent)]

from loadtests.users import GrpcUser, V1User, V2BinaryUser, V2JsonUser  # noqa: E402


class V1(V1User):
    """TensorFlow Serving's JSON."""


class V2Json(V2JsonUser):
    """The Open Inference Protocol with numbers in JSON."""


class V2Binary(V2BinaryUser):
    """The Open Inference Protocol with tensors as bytes."""


class Grpc(GrpcUser):
    """The Open Inference Protocol over gRPC."""
