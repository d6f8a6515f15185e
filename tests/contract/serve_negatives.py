"""A model of pictures behind code that gives it the negative of each."""

import sys
from typing import Any

from serving import logs
from serving.options import load
from serving.predictor import Predictor, Server

WHITE = 255


class Negative(Predictor):
    """Turns every picture before the model sees it."""

    def preprocess(self, payload: Any, headers: dict[str, str] | None = None) -> Any:
        if isinstance(payload, dict):
            turned = [[[WHITE - pixel for pixel in line] for line in image] for image in payload["instances"]]
            return {"instances": turned}
        for tensor in payload.inputs:
            tensor.set_data_from_numpy(WHITE - tensor.as_numpy(), binary_data=False)
        return payload


if __name__ == "__main__":
    logs.configure()
    settings = load(sys.argv[1:])
    Server(settings).start([Negative(settings)])
