"""What the fuzzer starts from, and what it has found before: every input keeps every promise."""

from pathlib import Path

import pytest

from serving import payload_v2
from tests.fuzz.targets import SIGNATURES, TARGETS, chosen

CORPUS = Path(__file__).parent.parent / "fuzz" / "corpus"


@pytest.mark.parametrize("target", TARGETS)
def test_every_input_of_the_corpus_keeps_the_promises_of_its_target(target: str) -> None:
    inputs = sorted((CORPUS / target).iterdir())
    assert inputs
    for path in inputs:
        TARGETS[target](path.read_bytes())


def test_the_corpus_has_no_folder_without_a_target() -> None:
    assert {folder.name for folder in CORPUS.iterdir()} == TARGETS.keys()


@pytest.mark.parametrize("index", range(len(SIGNATURES)))
def test_for_every_signature_something_is_read_and_not_refused(index: int) -> None:
    """A corpus of refusals alone would try nothing but the first check."""
    signature, body = chosen((CORPUS / "v2_json" / f"flat-{index}").read_bytes())
    assert signature is SIGNATURES[index]
    assert payload_v2.decode(*payload_v2.parse(body), signature).tensors.keys() == signature.input_by_name.keys()
