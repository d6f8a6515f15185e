"""How many processors a container may use, read off a made-up cgroup file system."""

from pathlib import Path

import pytest

from serving.cpu_quota import cpu_quota


@pytest.fixture
def allowed(tmp_path: Path) -> int:
    """The processors this process may run on, which no quota raises."""
    return cpu_quota(tmp_path / "none")


@pytest.mark.parametrize(
    ("content", "processors"),
    [
        pytest.param("100000 100000\n", 1, id="one"),
        pytest.param("50000 100000\n", 1, id="half a processor is one thread"),
        pytest.param("1000 100000\n", 1, id="a hundredth too"),
        pytest.param("150000 100000\n", 2, id="one and a half are two"),
        pytest.param("99900000 100000\n", 999, id="more than the machine has"),
        pytest.param("max 100000\n", 999, id="no quota"),
        pytest.param("", 999, id="nothing"),
    ],
)
def test_the_quota_of_version_2(tmp_path: Path, allowed: int, content: str, processors: int) -> None:
    (tmp_path / "cpu.max").write_text(content)
    assert cpu_quota(tmp_path) == min(processors, allowed)


@pytest.mark.parametrize(
    ("quota", "period", "processors"),
    [
        pytest.param("100000", "100000", 1, id="one"),
        pytest.param("150000", "100000", 2, id="one and a half are two"),
        pytest.param("-1", "100000", 999, id="no quota"),
    ],
)
def test_the_quota_of_version_1(tmp_path: Path, allowed: int, quota: str, period: str, processors: int) -> None:
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu/cpu.cfs_quota_us").write_text(quota)
    (tmp_path / "cpu/cpu.cfs_period_us").write_text(period)
    assert cpu_quota(tmp_path) == min(processors, allowed)


def test_without_cgroups_every_processor_allowed_counts(allowed: int) -> None:
    assert allowed >= 1


@pytest.mark.parametrize(
    ("quotas", "processors"),
    [
        pytest.param({"pod/container": "200000 100000", "pod": "max 100000"}, 2, id="its own"),
        pytest.param({"pod/container": "max 100000", "pod": "100000 100000"}, 1, id="that of the group around it"),
        pytest.param({"pod/container": "300000 100000", "pod": "100000 100000"}, 1, id="the least of both"),
        pytest.param({"": "100000 100000"}, 1, id="that of the top, where its own cannot be seen"),
    ],
)
def test_a_group_within_others(tmp_path: Path, allowed: int, quotas: dict[str, str], processors: int) -> None:
    for group, quota in quotas.items():
        (tmp_path / group).mkdir(parents=True, exist_ok=True)
        (tmp_path / group / "cpu.max").write_text(quota)
    membership = tmp_path / "membership"
    membership.write_text("0::/pod/container\n")
    assert cpu_quota(tmp_path, membership) == min(processors, allowed)


def test_a_group_within_others_of_version_1(tmp_path: Path, allowed: int) -> None:
    for group, quota in (("pod/container", "-1"), ("pod", "100000")):
        (tmp_path / "cpu" / group).mkdir(parents=True, exist_ok=True)
        (tmp_path / "cpu" / group / "cpu.cfs_quota_us").write_text(quota)
        (tmp_path / "cpu" / group / "cpu.cfs_period_us").write_text("100000")
    membership = tmp_path / "membership"
    membership.write_text("11:memory:/elsewhere\n4:cpu,cpuacct:/pod/container\n1:name=systemd:/x\n")
    assert cpu_quota(tmp_path, membership) == min(1, allowed)


@pytest.mark.parametrize("line", ["0::/../../elsewhere", "nonsense", "", "0::/not/there"])
def test_a_membership_that_leads_nowhere_leaves_the_top(tmp_path: Path, allowed: int, line: str) -> None:
    (tmp_path / "cpu.max").write_text("100000 100000")
    membership = tmp_path / "membership"
    membership.write_text(line)
    assert cpu_quota(tmp_path, membership) == 1
