"""What is asked, and whether an answer is the answer to it.

Each of some dozens of pictures has an answer of its own, and each request its
own id, so that a caller who is given a neighbour's rows is seen. The right
answers are learnt by asking each picture alone, before anything changes. Knows
the reference model's one input, and no connection.
"""

import json
from collections.abc import Sequence
from random import Random
from typing import Any

from serving.oip_pb2 import ModelInferRequest, ModelInferResponse

SIDE = 28
PIXELS = SIDE * SIDE
PICTURES = 120
LEAST_PICTURES = 20
"""Of those, whose answers must differ from one another."""

TOLERANCE = 1e-4
"""Rows that run in company may differ from those that ran alone by the last bits of a float."""

OUTPUT = "probabilities"


class NotDistinct(Exception):
    """Too many pictures have the same answer, so that one could pass for the other."""


def pictures(seed: int = 1) -> list[bytes]:
    """Give pictures that a model is in doubt about, each in its own way: faint blots of every size in every place."""
    random = Random(seed)
    return [bytes(_blot(random)) for _ in range(PICTURES)]


def _blot(random: Random) -> list[int]:
    pixels = [0] * PIXELS
    row, column = random.randrange(6, 22), random.randrange(6, 22)
    for _ in range(random.randrange(40, 160)):
        row = min(SIDE - 4, max(3, row + random.choice((-1, 0, 1))))
        column = min(SIDE - 4, max(3, column + random.choice((-1, 0, 1))))
        pixels[row * SIDE + column] = random.randrange(30, 140)
    return pixels


class Questions:
    """The requests about the pictures, in the words of each protocol."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._pictures = pictures()
        self._v1 = [self._v1_body(picture) for picture in self._pictures]
        self._v2 = [self._v2_rest(picture) for picture in self._pictures]
        self._answers: list[list[float]] = []
        self._kept = list(range(PICTURES))
        """The pictures that are asked about."""

    @property
    def infer(self) -> str:
        return f"/v2/models/{self._model}/infer"

    @property
    def predict(self) -> str:
        return f"/v1/models/{self._model}:predict"

    def v1(self, number: int) -> bytes:
        return self._v1[self._picture(number)]

    def v2(self, number: int) -> bytes:
        return b'{"id":"%d",%b' % (number, self._v2[self._picture(number)])

    def message(self, number: int) -> ModelInferRequest:
        request = ModelInferRequest(model_name=self._model, id=str(number))
        request.inputs.add(name="image", datatype="UINT8", shape=[1, SIDE, SIDE])
        request.raw_input_contents.append(self._pictures[self._picture(number)])
        return request

    def _picture(self, number: int) -> int:
        return self._kept[number % len(self._kept)]

    @staticmethod
    def _v1_body(picture: bytes) -> bytes:
        return json.dumps({"instances": [[list(picture[at : at + SIDE]) for at in range(0, PIXELS, SIDE)]]}).encode()

    @staticmethod
    def _v2_rest(picture: bytes) -> bytes:
        """Give all of a request that comes behind its id."""
        entry = {"name": "image", "shape": [1, SIDE, SIDE], "datatype": "UINT8", "data": list(picture)}
        return json.dumps({"inputs": [entry]}).encode().removeprefix(b"{")

    # Answers

    def learn(self, bodies: Sequence[bytes]) -> None:
        """Take the V2 answers to all pictures, asked one by one, for the right ones.

        Of pictures with nearly the same answer one is asked about from then on. Raises NotDistinct where few are left.
        """
        self._answers = [_v2_row(json.loads(body)) for body in bodies]
        kept: list[int] = []
        for picture, answer in enumerate(self._answers):
            if not any(_is_near(answer, self._answers[other], 10 * TOLERANCE) for other in kept):
                kept.append(picture)
        if len(kept) < LEAST_PICTURES:
            raise NotDistinct(f"of {PICTURES} pictures only {len(kept)} have answers that differ")
        self._kept = kept

    def objection_v1(self, number: int, body: bytes) -> str:
        """Say what is wrong with an answer; nothing where it is right."""
        return self._objection(number, json.loads(body)["predictions"][0][OUTPUT])

    def objection_v2(self, number: int, body: bytes) -> tuple[str, str]:
        """The same, and the version of the model that the answer names."""
        told = json.loads(body)
        if told.get("id") != str(number):
            return f"asked as {number} and was answered as {told.get('id')}", told["model_version"]
        return self._objection(number, _v2_row(told)), told["model_version"]

    def objection_grpc(self, number: int, response: ModelInferResponse) -> tuple[str, str]:
        """The same."""
        if response.id != str(number):
            return f"asked as {number} and was answered as {response.id}", response.model_version
        place = [output.name for output in response.outputs].index(OUTPUT)
        row = memoryview(response.raw_output_contents[place]).cast("f").tolist()
        return self._objection(number, row), response.model_version

    def _objection(self, number: int, row: Sequence[float]) -> str:
        picture = self._picture(number)
        if _is_near(row, self._answers[picture], TOLERANCE):
            return ""
        for other in self._kept:
            if _is_near(row, self._answers[other], TOLERANCE):
                return f"asked about picture {picture} and was answered about {other}"
        return f"asked about picture {picture} and was answered {row}, expected {self._answers[picture]}"


def _v2_row(told: dict[str, Any]) -> list[float]:
    row: list[float] = next(output["data"] for output in told["outputs"] if output["name"] == OUTPUT)
    return row


def _is_near(one: Sequence[float], other: Sequence[float], tolerance: float) -> bool:
    return len(one) == len(other) and all(abs(a - b) <= tolerance for a, b in zip(one, other, strict=True))
