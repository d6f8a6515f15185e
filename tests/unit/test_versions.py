"""Which versions are to be served, and what to do next to get there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.versions import Load, Unload, VersionLabels, VersionPolicy, next_change, wanted

FOLDER = {"2": "a", "9": "b", "10": "c"}
"""Versions on disk, each with a letter for how its files look."""


# What is wanted


@pytest.mark.parametrize(
    ("policy", "chosen"),
    [
        pytest.param("latest", {"10"}, id="the newest by number"),
        pytest.param("latest:2", {"9", "10"}, id="the two newest"),
        pytest.param("latest:9", {"2", "9", "10"}, id="more than there are"),
        pytest.param("all", {"2", "9", "10"}, id="all"),
        pytest.param("specific:2, 10, 11", {"2", "10"}, id="those of some that are there"),
    ],
)
def test_a_policy_chooses(policy: str, chosen: set[str]) -> None:
    assert VersionPolicy.parse(policy).choose(FOLDER) == chosen


@pytest.mark.parametrize("text", ["", "newest", "latest:", "latest:0", "latest:-1", "latest:x", "all:1", "specific:"])
def test_what_is_no_policy_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="expected latest, latest:N, all, or specific:N,M"):
        VersionPolicy.parse(text)


def test_labels_are_those_of_all_models_and_of_one() -> None:
    labels = VersionLabels("stable=3, canary=4,digits/canary=5")
    assert labels.of("flowers") == {"stable": "3", "canary": "4"}
    assert labels.of("digits") == {"stable": "3", "canary": "5"}
    assert VersionLabels("").of("digits") == {}


@pytest.mark.parametrize("text", ["stable", "stable=", "=3", "7=3", "stable=new", "a:b=3", "stable:3"])
def test_what_is_no_label_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="is no label: expected LABEL=VERSION or MODEL/LABEL=VERSION"):
        VersionLabels(text)


def test_a_version_with_a_label_is_wanted_where_it_is_found() -> None:
    assert wanted(VersionPolicy(), {"2", "11"}, FOLDER, {}) == {"2": "a", "10": "c"}


def test_a_version_that_failed_gives_way_to_the_one_before_until_its_files_change() -> None:
    assert wanted(VersionPolicy(), (), FOLDER, {"10": "c"}) == {"9": "b"}
    assert wanted(VersionPolicy(), (), FOLDER, {"10": "an older look"}) == {"10": "c"}


# What is done next


@pytest.mark.parametrize(
    ("goal", "served", "unload_first", "change"),
    [
        pytest.param({"1": "a"}, {}, False, Load("1"), id="nothing is served"),
        pytest.param({"9": "a", "10": "b"}, {}, False, Load("10"), id="the newest first"),
        pytest.param({"1": "a"}, {"1": "a"}, False, None, id="all is well"),
        pytest.param({"2": "b"}, {"1": "a"}, False, Load("2"), id="the old one serves while the new one is loaded"),
        pytest.param(
            {"2": "b"}, {"1": "a", "2": "b"}, False, Unload("1"), id="the old one goes once the new one is there"
        ),
        pytest.param({}, {"1": "a"}, False, None, id="a folder that lost its versions"),
        pytest.param({"1": "b"}, {"1": "a"}, False, Load("1"), id="a version whose files changed"),
        pytest.param({"2": "b"}, {"1": "a"}, True, Unload("1"), id="room is made first where it must be"),
        pytest.param({"1": "b"}, {"1": "a"}, True, Unload("1"), id="and for a version whose files changed"),
        pytest.param({"2": "b"}, {}, True, Load("2"), id="and then it is loaded"),
    ],
)
def test_one_thing_after_another(
    goal: dict[str, str], served: dict[str, str], change: Load | Unload | None, *, unload_first: bool
) -> None:
    assert next_change(goal, served, unload_first=unload_first) == change


contents = st.dictionaries(st.sampled_from(["1", "2", "3", "10"]), st.sampled_from("ab"))


@given(
    found=contents, served=contents, broken=st.sets(st.sampled_from(["1", "2", "3", "10"])), unload_first=st.booleans()
)
def test_any_start_ends_with_what_is_wanted_and_one_version_serves_meanwhile(
    found: dict[str, str], served: dict[str, str], broken: set[str], *, unload_first: bool
) -> None:
    served, failed = dict(served), dict[str, str]()
    had_one = bool(served)
    for _ in range(20):
        goal = wanted(VersionPolicy(newest=2), (), found, failed)
        change = next_change(goal, served, unload_first=unload_first)
        if change is None:
            break
        if isinstance(change, Unload):
            del served[change.version]
        elif change.version in broken:
            failed[change.version] = found[change.version]
        else:
            served[change.version] = found[change.version]
        assert unload_first or not had_one or served
    else:
        pytest.fail("it never comes to an end")
    assert not goal or served == goal
