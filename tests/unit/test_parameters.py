"""What the parameters of a request may ask for, and what is refused instead of ignored."""

from math import inf

import pytest

from serving import parameters
from serving.errors import InvalidRequest
from serving.parameters import NO_WISHES, Wishes


@pytest.mark.parametrize(
    ("given", "wishes"),
    [
        pytest.param({}, NO_WISHES, id="nothing"),
        pytest.param({"weight": 0.5, "mood": "good"}, NO_WISHES, id="what nobody here knows"),
        pytest.param({"sequence_id": 0, "sequence_start": False, "sequence_end": False}, NO_WISHES, id="no sequence"),
        pytest.param({"sequence_id": ""}, NO_WISHES, id="a sequence without a name"),
        pytest.param({"byte_order": "little", "endianness": "<"}, NO_WISHES, id="the order of bytes that is ours"),
        pytest.param({"timeout": 0, "priority": 0}, Wishes(inf, 0), id="zeros mean nothing"),
        pytest.param({"timeout": 1_500_000, "priority": 2}, Wishes(1.5, 2), id="a timeout and a priority"),
        pytest.param({"binary_data_output": True}, Wishes(is_binary=True), id="binary outputs"),
    ],
)
def test_a_request_asks(given: dict[str, object], wishes: Wishes) -> None:
    assert parameters.of_request(given) == wishes


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"sequence_id": 7}, "parameter 'sequence_id' is 7, but models here keep no state"),
        ({"sequence_id": "a"}, "parameter 'sequence_id' is 'a', but models here keep no state"),
        ({"sequence_start": True}, "parameter 'sequence_start' is True, but"),
        ({"sequence_end": 1}, "parameter 'sequence_end' is 1, but"),
        ({"byte_order": "big"}, "the request has the parameter 'byte_order' of 'big', but binary tensors are little"),
        ({"endian": ">"}, "'endian' of '>'"),
        ({"binary_data_output": "yes"}, "parameter 'binary_data_output' is 'yes', expected true or false"),
        ({"binary_data_output": 1}, "parameter 'binary_data_output' is 1, expected true or false"),
        ({"timeout": 1.5}, "parameter 'timeout' is 1.5, expected a number of microseconds"),
        ({"timeout": True}, "parameter 'timeout' is True, expected a number of microseconds"),
        ({"priority": -1}, "parameter 'priority' is -1, expected a whole number from 0"),
        ({"priority": "high"}, "parameter 'priority' is 'high'"),
        ({"priority": "h" * 1000}, "parameter 'priority' is 'hhhhhhhhhh"),
    ],
)
def test_what_a_request_may_not_ask_is_told(given: dict[str, object], sentence: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        parameters.of_request(given)
    assert sentence in str(refusal.value)
    assert len(str(refusal.value)) < 200


def test_an_output_is_wanted_as_the_request_says_unless_it_says_otherwise() -> None:
    assert parameters.of_output("y", {}, is_binary=True) == (True, 0)
    assert parameters.of_output("y", {"binary_data": False}, is_binary=True) == (False, 0)
    assert parameters.of_output("y", {"binary_data": True, "classification": 3}, is_binary=False) == (True, 3)


@pytest.mark.parametrize("name", parameters.SHARED_MEMORY)
def test_shared_memory_is_refused_on_inputs_and_outputs(name: str) -> None:
    with pytest.raises(InvalidRequest, match=f"input 'x' has the parameter '{name}', but tensors are not"):
        parameters.check_input("x", {name: "region"})
    with pytest.raises(InvalidRequest, match=f"output 'y' has the parameter '{name}', but tensors are not"):
        parameters.of_output("y", {name: 1}, is_binary=False)


@pytest.mark.parametrize("classes", [-1, "3", 2.0, True])
def test_a_number_of_classes_is_a_whole_number(classes: object) -> None:
    with pytest.raises(InvalidRequest, match=r"parameter 'classification' is .*, expected a number of classes"):
        parameters.of_output("y", {"classification": classes}, is_binary=False)
