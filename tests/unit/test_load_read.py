"""A profile that is read can be run; of one that cannot, everything wrong is told in a sentence."""

from pathlib import Path

import pytest

from loadtests.profile.form import Change, Phase, Profile, Ramp, Stream
from loadtests.profile.read import BadProfile, names, read, with_change

LEAST = """
summary: Does it answer?
rate: 50
streams:
  - {name: v2, protocol: v2}
  - {name: grpc.raw, protocol: grpc, format: binary}
phases:
  - {name: warm, role: warm-up, seconds: 5}
  - {name: steady, role: load, seconds: 10}
gates:
  - {measure: p95, most: 0.25}
"""


def written(folder: Path, text: str = LEAST) -> str:
    path = folder / "mine.yaml"
    path.write_text(text)
    return str(path)


def troubles(name: str, *overrides: str) -> str:
    with pytest.raises(BadProfile) as raised:
        read(name, overrides)
    assert "\n\n" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize("name", names())
def test_every_profile_that_is_shipped_can_be_read(name: str) -> None:
    assert read(name).summary.endswith("?")


def test_a_baseline_needs_another_phase_beside_it(tmp_path: Path) -> None:
    gate = "gates.+={measure: p95, times_baseline: 2}"
    assert "no other phase is judged" in troubles(written(tmp_path), gate, "phases.steady.role=baseline")
    itself = "gates.+={measure: p95, times_baseline: 2, phases: [warm]}"
    assert "would compare a baseline with itself" in troubles(written(tmp_path), itself, "phases.warm.role=baseline")


def test_one_change_at_most_is_performed(tmp_path: Path) -> None:
    both = ["phases.warm.role=change", "phases.steady.role=change"]
    assert "phases warm, steady have the role change, and only one can" in troubles(written(tmp_path), *both)
    twice = ["phases.steady.role=change", "change={command: [a], helm: b}"]
    assert "change has a command and helm" in troubles(written(tmp_path), *twice)
    alone = ["phases.steady.role=change", "change.helm_arguments=[--debug]"]
    assert "change.helm_arguments are for change.helm" in troubles(written(tmp_path), *alone)


def test_a_file_is_read_with_its_defaults(tmp_path: Path) -> None:
    profile = read(written(tmp_path))
    assert profile.rate == 50
    assert profile.streams[1].name == "grpc.raw"
    assert profile.streams[0].format == "json"
    assert profile.generator.achieved_ratio == 0.98


def test_the_command_line_sets_fields_by_path(tmp_path: Path) -> None:
    profile = read(
        written(tmp_path),
        [
            "rate=1e2",
            "phases.steady.seconds=30",
            "phases.0.times={first: 0.5, last: 1}",
            "streams.grpc.raw.rows={1: 3, 8: 1}",
            "streams.v2.rows.16=2",
            "generator.busy_ratio=0.8",
            "gates.0.most=0.5",
            "gates.+={measure: accuracy, least: 0.9, phases: [steady]}",
            "gates.1.severity=warn",
        ],
    )
    assert profile.rate == 100
    assert profile.phases[1].seconds == 30
    assert profile.phases[0].times == Ramp(first=0.5, last=1)
    assert profile.streams[1].rows == {1: 3, 8: 1}
    assert profile.streams[0].rows == {16: 2}
    assert profile.generator.busy_ratio == 0.8
    assert [(gate.measure, gate.most, gate.least, gate.severity) for gate in profile.gates] == [
        ("p95", 0.5, None, "fail"),
        ("accuracy", None, 0.9, "warn"),
    ]


def test_an_item_set_to_null_is_left_out_and_numbers_keep_their_meaning(tmp_path: Path) -> None:
    profile = read(written(tmp_path), ["streams.0=null", "streams.1.share=3"])
    assert [(stream.name, stream.share) for stream in profile.streams] == [("grpc.raw", 3)]


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("rate", "--set rate: must be FIELD=VALUE"),
        ("=1", "must be FIELD=VALUE"),
        ("rate=[", "the value is no YAML in line 1"),
        ("rate={a: 1, a: 2}", "a is there twice"),
        ("rate=*a", "*references are not known here"),
        ("rate.x=1", "rate is 50, which has no fields"),
        ("rate=yes", "rate must be a number, and is true"),
        ("rate='100'", 'rate must be a number, and is "100"'),
        ("rate=", "rate must be a number, and is empty"),
        ("rate=0", "rate must be more than 0, and is 0"),
        ("rate=-5", "rate must be more than 0, and is -5"),
        ("rate=.nan", "rate must be a number"),
        ("rate=.inf", "rate must be a number"),
        ("rate=200000", "rate must be 100,000 or less, and is 200000"),
        ("rate=0.01", "phases.warm expects 0.05 requests in 5 s; it must expect 1 at least"),
        ("rat=5", "rat is no field; did you mean rate?"),
        ("phases.stead.seconds=5", "phases has no stead; did you mean steady?"),
        ("phases.9.seconds=5", "phases has 2 items, counted from 0: there is no 9"),
        ("phases.steady.seconds=0", "phases.steady.seconds must be 1 or more, and is 0"),
        ("phases.steady.seconds=1.5", "phases.steady.seconds must be a whole number, and is 1.5"),
        ("phases.steady.secs=5", "phases.steady.secs is no field; did you mean seconds?"),
        ("phases.steady.name=warm", "phases has warm 2 times"),
        ("phases.steady.name=Steady Load", "must be lower-case letters"),
        ("phases.steady.times=0", "phases.steady.times must be more than 0"),
        ("phases.steady.times=5000", "phases.steady asks for 250,000 requests a second"),
        ("phases.steady.times={first: 0, last: 0}", "phases.steady expects 0 requests"),
        ("phases.steady.times={first: 0}", "phases.steady.times.last is missing"),
        ("phases.steady.times={swing: 1.5, period_seconds: 9}", "phases.steady.times.swing must be 1 or less"),
        ("phases.steady.times={first: 0, lats: 1}", "phases.steady.times.lats is no field; did you mean last?"),
        ("phases=[]", "must have phases, or a search in their place"),
        ("search={first: 1, last: 2}", "must have phases, or a search in their place"),
        ("streams.v2.share=0", "streams.v2.share must be more than 0"),
        ("streams.v2.name=grpc.raw", "streams has grpc.raw 2 times"),
        ("streams.v2.protocol=v3", "streams.v2.protocol must be 'v1', 'v2' or 'grpc'"),
        ("streams.v2.rows.0=1", "streams.v2.rows.0 must be 1 or more"),
        ("streams=[]", "streams must have at least one item"),
        ("streams=v2", 'streams must be a list, and is "v2"'),
        ("streams.v2=5", "streams.0 must hold fields: name, protocol"),
        ("streams.0={name: x, protocol: v1, format: binary}", "streams.x asks V1 for binary"),
        ("gates.0.most=250", "no answer is waited for so long"),
        ("gates.0.most=-1", "p95 is never less than 0"),
        ("gates.0.most=null", "gates.0 (p95) has no bound"),
        ("gates.0.least=1", "asks for 1 at least and 0.25 at most"),
        ("gates.+={measure: accuracy, least: 90}", "accuracy is a share, from 0 to 1"),
        ("gates.0.phases=[stedy]", "gates.0.phases names stedy, which is not there; did you mean steady?"),
        ("gates.0.stream=grpc", "gates.0.stream names grpc, which is not there; did you mean grpc.raw?"),
        ("gates.0.times_baseline=2", "asks for a phase whose role is baseline"),
        ("gates.0.of=[server]", "gates.0.of is for error_ratio"),
        ("gates.+={measure: error_ratio, of: [ok], most: 0}", "gates.1.of has ok, which is no error"),
        ("gates.0.of=[sever]", "gates.0.of.0 must be 'ok', 'shed'"),
        ("phases.steady.role=warm-up", "phases have the role warm-up alone, which is not judged"),
        (
            "phases.steady={name: steady, role: change, seconds: 5, times: {first: 1, last: 0}}",
            "phases.steady.times ends at 0, and a change goes on at the last rate",
        ),
        ("change.command=[true]", "change.command.0 must be a text, and is true"),
        ("change.settle_seconds=5", "no phase has the role change"),
        ("trace=nowhere.txt", "the trace nowhere.txt cannot be read: No such file or directory"),
    ],
)
def test_what_cannot_be_is_said(tmp_path: Path, override: str, sentence: str) -> None:
    assert sentence in troubles(written(tmp_path), override)


def test_everything_wrong_is_said_at_once(tmp_path: Path) -> None:
    told = troubles(written(tmp_path), "rat=5", "phases.steady.seconds=0", "streams.v2.share=-1").splitlines()
    assert len(told) == 3
    told = troubles(
        written(tmp_path), "streams.v2.name=grpc.raw", "gates.0.phases=[a]", "gates.0.most=9999"
    ).splitlines()
    assert len(told) == 3
    assert len(troubles(written(tmp_path), "a.b", "rate.x=1").splitlines()) == 2


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "must hold fields"),
        ("- 1", "must hold fields"),
        ("rate: 1\nrate: 2", "is no YAML in line 2, column 1: rate is there twice"),
        ("a: &x 1\nb: *x", "*references are not known here"),
        ("? [a]\n: 1", "a key must be a plain word"),
        ("!!python/name:os.system", "is no YAML in line 1"),
        ("[" * 100, "it is nested too deeply"),
        ("a: 1\n---\nb: 2", "is no YAML in line 2"),
        ("summary: \x00", "is no YAML"),
        ("seed: " + "9" * 5000, "is no YAML"),
        ("rate: 5", "streams is missing"),
        ("x" * 300_000, "has more than 262144 bytes"),
    ],
)
def test_a_file_that_is_no_profile_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    assert sentence in troubles(written(tmp_path, text))


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bytes.yaml"
    path.write_bytes(b"summary: \xff")
    assert "is no text in UTF-8: byte 9" in troubles(str(path))


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    assert "Is a directory" in troubles(f"{tmp_path}/")
    assert "No such file" in troubles(str(tmp_path / "none.yaml"))
    assert "did you mean steady?" in troubles("stedy")
    assert "there is no profile 'qqq'; there are " in troubles("qqq")


def test_a_trace_beside_its_profile_is_read(tmp_path: Path) -> None:
    (tmp_path / "day.txt").write_text("# a day\n0.5\n\n0.5\n6.25\n14\n20\n")
    profile = read(written(tmp_path, f"{LEAST}trace: day.txt\n"))
    assert list(profile.trace_seconds) == [0.5, 0.5, 6.25, 14, 20]
    assert "trace_seconds" not in profile.model_dump_json()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        ("# nothing\n", "is empty"),
        ("1\n0.5\n", "line 2 of the trace"),
        ("1\nsoon\n", "must be a number of seconds, and is 'soon'"),
        ("-1\n", "must be 0 or more seconds"),
        ("nan\n", "must be 0 or more seconds"),
        ("1\n2\n", "phases.steady lasts from second 5 to 15, in which the trace, from 1 to 2, has no request"),
    ],
)
def test_a_trace_that_cannot_be_sent_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "day.txt").write_text(text)
    assert sentence in troubles(written(tmp_path, f"{LEAST}trace: day.txt\n"))


def test_a_trace_and_rates_of_its_own_do_not_go_together(tmp_path: Path) -> None:
    (tmp_path / "day.txt").write_text("1\n7\n")
    told = troubles(written(tmp_path, f"{LEAST}trace: day.txt\n"), "phases.steady.times=2")
    assert "phases.steady.times is not known to a trace" in told


def test_a_search_that_would_go_on_for_ever_is_refused(tmp_path: Path) -> None:
    search = "summary: How much?\nstreams: [{name: v2, protocol: v2}]\nsearch: {first: 10, last: 1000, growth: 1.5}\n"
    assert read(written(tmp_path, search)).search is not None
    assert "more than 60 steps" in troubles(written(tmp_path, search), "search.growth=1.001")
    assert "must not be less than search.first" in troubles(written(tmp_path, search), "search.last=5")
    assert "gates.0.phases names steady, which is not there; there are none" in troubles(
        written(tmp_path, search), "gates=[{measure: p95, most: 1, phases: [steady]}]"
    )


def changing(change: Change | None = None) -> Profile:
    return Profile(
        summary="",
        streams=(Stream(name="v2", protocol="v2"),),
        phases=(Phase(name="during", role="change", seconds=10),),
        change=change,
    )


def test_a_change_may_come_from_the_command_line() -> None:
    profile = with_change(changing(Change(helm="release", settle_seconds=3)), "kubectl rollout restart 'deploy/a b'")
    assert profile.change is not None
    assert profile.change.command == ("kubectl", "rollout", "restart", "deploy/a b")
    assert (profile.change.helm, profile.change.settle_seconds) == ("", 3)


def test_a_change_that_nobody_told_is_asked_for() -> None:
    with pytest.raises(BadProfile, match="give --change COMMAND"):
        with_change(changing(), "")
    with pytest.raises(BadProfile, match="give --change COMMAND"):
        with_change(changing(Change()), " ")
    told = changing(Change(command=("true",)))
    assert with_change(told, "") == told


def test_a_change_that_cannot_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadProfile, match="this one has none"):
        with_change(read(written(tmp_path)), "true")
    with pytest.raises(BadProfile, match="no closing quotation"):
        with_change(changing(), "echo 'a")
