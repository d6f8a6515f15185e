"""Late labels: what a prediction turned out to be, counted without a store.

The id of a prediction says what the model said, so any replica can hold a label
against it. Each label gets a result of its own; what is wrong with one harms no
other. Counting takes turns and a small part of the event loop's time, whatever
comes: predictions go first. Knows no protocol.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from math import inf
from time import perf_counter
from typing import Protocol

from serving.class_names import ClassNames
from serving.errors import DeadlineExceeded, Forbidden, Overloaded, ServingError
from serving.feedback_series import NOBODY, Model
from serving.late_labels import LateLabel, Received, Refusal
from serving.prediction_id import NO_CLASS, InvalidId, PredictionId, Row, mark_of_model, read
from serving.prediction_ids import PredictionIds
from serving.replays import Replays
from serving.settings import Feedback as FeedbackSettings
from serving.steps import in_task
from serving.timeout import Timeout

MOST_WAITING = 8
"""Requests that wait for their turn with their bodies; one beyond is turned away."""
LABELS_AT_ONCE = 32
"""Counted before others get the event loop: some tenths of a millisecond."""
PART_OF_THE_LOOP = 0.1
"""The part of the event loop's time that counting takes at most."""
PAUSE_AFTER_SECONDS = 0.0005
"""Work that gathers before counting pauses for it; a single label never pauses."""
LONGEST_SHOWN = 40

Decode = Callable[[], Sequence[LateLabel]]
"""Reads the labels of a request; raises InvalidRequest and the like."""


class Served(Protocol):
    """What is served here, as the catalogue knows it."""

    def names(self) -> Sequence[str]: ...

    def versions(self, name: str) -> Sequence[str]: ...


class Refused(Exception):
    """A label is not counted."""

    def __init__(self, model: Model, result: str, reason: str) -> None:
        super().__init__(reason)
        self.model = model
        self.result = result


def switched_off() -> Forbidden:
    return Forbidden(
        "late labels are switched off here: the server's operator switches them on with --feedback_keys_file "
        "(FEEDBACK_KEYS_FILE)"
    )


class Feedback:
    """What becomes of late labels in one process."""

    def __init__(
        self,
        ids: PredictionIds,
        served: Served,
        settings: FeedbackSettings,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.most_labels = settings.labels
        self._max_age_seconds = settings.max_age_seconds
        self._ids = ids
        self._served = served
        self._replays = Replays(settings.remembered)
        self._clock = clock
        self._turn = asyncio.Lock()
        self._present = 0
        """Requests that wait for their turn, and the one whose turn it is."""
        self._debt_seconds = 0.0

    async def receive(self, decode: Decode, allowed: Timeout) -> Received:
        """Count the labels of one request when it is its turn; may raise any ServingError before one is counted."""
        if self._present > MOST_WAITING:
            raise Overloaded(f"{MOST_WAITING} requests with labels are waiting to be counted, and no more may wait")
        self._present += 1
        try:
            # Whoever calls may be no task, in which a wait could be given a limit.
            return await in_task(self._receive(decode, allowed))
        finally:
            self._present -= 1

    async def _receive(self, decode: Decode, allowed: Timeout) -> Received:
        await self._wait_for_turn(allowed)
        try:
            return await self._count_all(decode)
        finally:
            self._turn.release()

    async def _wait_for_turn(self, allowed: Timeout) -> None:
        try:
            async with asyncio.timeout(None if allowed.left_seconds == inf else allowed.left_seconds):
                await self._turn.acquire()
        except TimeoutError:
            raise DeadlineExceeded(f"the labels were not counted within {allowed}") from None

    async def _count_all(self, decode: Decode) -> Received:
        began = perf_counter()
        try:
            labels = decode()
        except ServingError:
            # What is refused has taken the loop's time as well, and costs its caller nothing.
            await self._give_way(began)
            raise
        received = Received(Counter(), refused := [])
        for at in range(0, len(labels), LABELS_AT_ONCE):
            now = self._clock()
            models = {mark_of_model(name): name for name in self._served.names()}
            for index, label in enumerate(labels[at : at + LABELS_AT_ONCE], start=at):
                try:
                    self._count(label, models, now)
                    received.counts["accepted"] += 1
                except Refused as why:
                    self._ids.series.answered(why.model, why.result)
                    received.counts[why.result] += 1
                    refused.append(Refusal(index, why.result, str(why)))
            began = await self._give_way(began)
        return received

    async def _give_way(self, began: float) -> float:
        """Leave the loop to others for as long as the work done asks for."""
        self._debt_seconds += perf_counter() - began
        if self._debt_seconds > PAUSE_AFTER_SECONDS:
            debt, self._debt_seconds = self._debt_seconds, 0.0
            await asyncio.sleep(debt / PART_OF_THE_LOOP - debt)
        return perf_counter()

    def _count(self, label: LateLabel, models: dict[int, str], now: float) -> None:
        """Count one label, or raise Refused."""
        try:
            said = read(label.id, self._ids.keys().keys)
        except InvalidId as error:
            raise Refused(NOBODY, "invalid_token", str(error)) from None
        name = models.get(said.model_mark)
        if name is None:
            raise Refused(NOBODY, "unknown_model", "the id is of a model that is not served here")
        model = (name, said.version)
        is_counted = said.version in self._served.versions(name) or self._ids.series.is_retired(model)
        # What is refused opens no series of a version that has none.
        told = model if is_counted else NOBODY
        age_seconds = said.age_seconds(now)
        if age_seconds > self._max_age_seconds:
            raise Refused(
                told,
                "expired",
                f"the prediction is {age_seconds:.0f} seconds old, and labels are taken for "
                f"{self._max_age_seconds:.0f} (feedback_max_age_seconds)",
            )
        row = _row(said, label, told)
        classes = self._ids.names.of(said.names_mark, said.class_count)
        actual = _actual(label, classes, told)
        if self._replays.has(said.random, label.row):
            raise Refused(told, "duplicate", f"row {label.row} of this prediction was counted before; that one stands")
        if not is_counted and not self._ids.series.recall(model, classes, is_calibrated=said.is_calibrated):
            raise Refused(
                NOBODY,
                "unknown_version",
                f"version {said.version!r} of model {name!r} is not served here any more, and others that are not are "
                "counted already",
            )
        self._replays.remember(said.random, label.row)
        self._ids.series.accepted(model, said, row, actual, classes, age_seconds)


def _row(said: PredictionId, label: LateLabel, model: Model) -> Row:
    if not 0 <= label.row < said.row_count:
        rows = "row 0 alone" if said.row_count == 1 else f"rows 0 to {said.row_count - 1}"
        raise Refused(model, "invalid_label", f"the id has no row {label.row}: it stands for {rows}")
    row = said.row(label.row)
    if row.class_number == NO_CLASS:
        raise Refused(model, "invalid_label", f"the model put row {label.row} into no class: it gave a NaN or infinity")
    if row.class_number >= said.class_count:
        # Ours are of no such kind: another program signs with this secret.
        raise Refused(model, "invalid_token", "the id is signed and names a class beyond those that it counts")
    return row


def _actual(label: LateLabel, classes: ClassNames, model: Model) -> int:
    actual = classes.number_of(label.label)
    if actual is not None:
        return actual
    expected = f"a number from 0 to {len(classes.names) - 1}"
    if classes.are_known:
        expected += " or a class' name"
    elif isinstance(label.label, str):
        expected += ", since names of this version's classes are not known here"
    shown = repr(label.label)
    shown = shown if len(shown) <= LONGEST_SHOWN else f"{shown[:LONGEST_SHOWN]}..."
    raise Refused(model, "invalid_label", f"{shown} is no class of the prediction, expected {expected}")
