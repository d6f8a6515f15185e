"""The whole table."""

from collections.abc import Sequence

from tests.contract.conformance import facts_binary, facts_extensions, facts_grpc, facts_rest, facts_v1
from tests.contract.conformance.fact import Fact

FACTS: Sequence[Fact] = (
    *facts_rest.FACTS,
    *facts_binary.FACTS,
    *facts_extensions.FACTS,
    *facts_grpc.FACTS,
    *facts_v1.FACTS,
)
