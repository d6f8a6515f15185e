"""Servers that are replaced under load lose nothing."""

from pathlib import Path

import pytest

from tests.chaos.rolling import roll

ROUNDS = 2
REQUESTS = 2_000


@pytest.mark.timeout(300)  # four servers start one after the other
async def test_nothing_is_lost_while_servers_are_replaced_one_by_one_under_load(models: Path) -> None:
    outcome = await roll(models / "quick", rounds=ROUNDS, requests=REQUESTS)
    assert outcome.lost == []
    assert outcome.answered >= REQUESTS
    assert outcome.statuses == [0] * ROUNDS
    assert outcome.last_replies >= ROUNDS
