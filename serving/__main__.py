"""Put the parts together and run: `python -m serving --model_name mnist --model_dir models/mnist`.

Imports nothing of its own before signals are answered for: a container's first
process is not ended by a signal that it has not asked for, and a pod that is
taken away in its first second would wait for the end of its grace period.
"""

import gc
import os
import signal
import sys


def main() -> None:
    # The event loop takes the signals over; until then there is nothing to finish, and no library to interrupt midway.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: os._exit(0))
    # Nothing that is imported is garbage: looking through it again and again takes a fifth of the time until the
    # server is ready. The process turns the collector on again before it loads a model.
    gc.disable()
    start(sys.argv[1:])


def start(arguments: list[str]) -> None:
    from serving import logs, ports
    from serving.door import guard_of
    from serving.errors import StartupError
    from serving.model_folder import find_models, find_versions
    from serving.options import load
    from serving.prediction_ids import signing_keys_of

    try:
        settings = load(arguments)
        # A wrong folder, file of keys or port is told before TensorFlow's ten seconds of import.
        if settings.models_dir is not None:
            find_models(settings.models_dir)
        else:
            find_versions(settings.model_dir)
        guard_of(settings)
        signing_keys_of(settings)
        ports.check(settings.bind_address, settings.http_port, "HTTP")
        if settings.enable_grpc:
            ports.check(settings.bind_address, settings.grpc_port, "gRPC")
        logs.configure()

        from serving.predictor import Predictor, Server

        Server(settings).start([] if settings.models_dir is not None else [Predictor(settings)])
    except StartupError as error:
        sys.exit(f"ecluse: {error}")


if __name__ == "__main__":
    main()
