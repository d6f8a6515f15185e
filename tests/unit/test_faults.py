"""The faulty server does exactly what it was told: a tester that is tested by chance is not."""

import pytest

from tests.contract.loadtests.faults import Deed, Fault, Faults


def deeds(*texts: str, requests: int = 1000, rate: float = 100.0) -> tuple[list[Deed], Faults]:
    faults = Faults(tuple(Fault.read(text) for text in texts))
    return [faults.deed(number / rate) for number in range(requests)], faults


def test_without_faults_every_request_is_answered_at_once() -> None:
    assert set(deeds()[0]) == {Deed()}


@pytest.mark.parametrize(("share", "expected"), [(0.01, 10), (0.001, 1), (0.003, 3), (0.5, 500), (1.0, 1000)])
def test_a_share_of_requests_is_exact(share: float, expected: int) -> None:
    done, faults = deeds(f"status,code=500,share={share}")

    assert sum(deed.code == 500 for deed in done) == expected
    assert faults.counts == {"status 500": expected}


def test_a_fault_lasts_from_its_begin_to_before_its_end() -> None:
    done, _ = deeds("status,code=503,reason=queue_full,begins=2,ends=3")

    assert {number for number, deed in enumerate(done) if deed.code == 503} == set(range(200, 300))
    assert done[200].reason == "queue_full"


def test_a_fault_befalls_so_many_times_at_most() -> None:
    done, _ = deeds("cut,how=reset,begins=1,times=1")

    assert [number for number, deed in enumerate(done) if deed.cut] == [100]


def test_delays_add_up_and_the_first_status_stands() -> None:
    done, faults = deeds("slow,seconds=0.5", "grow,rate=0.1", "status,code=503", "status,code=500", requests=101)

    assert done[100] == Deed(delay=0.6, code=503)
    assert faults.counts["status 500"] == 0


def test_a_queue_lets_the_wait_grow_until_it_sheds() -> None:
    done, faults = deeds("queue,rate=50,seconds=0.5")
    shed = [deed for deed in done if deed.code == 503]

    assert 460 <= 1000 - len(shed) <= 540
    assert {deed.reason for deed in shed} == {"queue_full"}
    assert faults.counts["shed"] == len(shed)
    assert max(deed.delay for deed in done) <= 0.5 + 0.02 + 1e-9


def test_below_its_rate_a_queue_serves_at_once() -> None:
    done, _ = deeds("queue,rate=200,seconds=0.5")

    assert {round(deed.delay, 6) for deed in done} == {0.005}


def test_a_model_is_unready_for_so_long() -> None:
    faults = Faults((Fault.read("unready,ends=5"),))

    assert not faults.is_ready(4.9)
    assert faults.is_ready(5.0)
    assert faults.deed(1.0).reason == "loading"


@pytest.mark.parametrize("text", ["earthquake", "status,size=3", "status,share=much"])
def test_a_fault_that_nobody_knows_is_refused(text: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        Fault.read(text)
