"""Every setting under its three names, and every mistake told in one go."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from serving.errors import StartupError
from serving.options import KSERVE_IGNORED, KSERVE_REFUSED, KSERVE_SPELLINGS, Knob, knobs, load
from serving.settings import Settings

KNOBS = tuple(knobs())

OTHER_VALUES: dict[str, tuple[str, Any]] = {
    "model_name": ("digits", "digits"),
    "model_dir": ("/somewhere/else", Path("/somewhere/else")),
    "models_dir": ("/somewhere/many", Path("/somewhere/many")),
    "signature_name": ("score", "score"),
    "bind_address": ("::1", "::1"),
    "http_port": ("9000", 9000),
    "grpc_port": ("9001", 9001),
    "enable_grpc": ("false", False),
    "batch_enabled": ("false", False),
    "batch_max_rows": ("16", 16),
    "batch_max_wait_seconds": ("0.25", 0.25),
    "batch_settle_turns": ("5", 5),
    "batch_grpc_extra_settle_turns": ("3", 3),
    "batch_inline_seconds": ("0", 0.0),
    "batch_queue_rows": ("100", 100),
    "batch_queue_bytes": ("1000", 1000),
    "batch_cool_down_seconds": ("2.5", 2.5),
    "deadline_default_seconds": ("0.05", 0.05),
    "deadline_batch_part": ("0.25", 0.25),
    "priority_levels": ("3", 3),
    "priority_default_level": ("2", 2),
    "priority_ageing_seconds": ("0.5", 0.5),
    "device_lanes": ("2", 2),
    "limit_payload_bytes": ("2048", 2048),
    "limit_head_bytes": ("4096", 4096),
    "limit_head_fields": ("50", 50),
    "limit_inflight_bytes": ("2000000", 2000000),
    "shed_status": ("429", 429),
    "auth_keys_file": ("/etc/keys", Path("/etc/keys")),
    "auth_metrics": ("true", True),
    "admin_enabled": ("true", True),
    "admin_keys_file": ("/etc/admins", Path("/etc/admins")),
    "log_sample_ratio": ("0.5", 0.5),
    "tracing_endpoint": ("http://collector:4318", "http://collector:4318"),
    "tracing_sample_ratio": ("1", 1.0),
    "capture_path": ("/tmp/requests.jsonl", Path("/tmp/requests.jsonl")),
    "capture_sample_ratio": ("0.25", 0.25),
    "capture_record_bytes": ("2048", 2048),
    "capture_file_bytes": ("1000000", 1000000),
    "capture_files": ("2", 2),
    "monitor_enabled": ("false", False),
    "monitor_output": ("logits", "logits"),
    "monitor_baseline": ("/etc/baseline.json", "/etc/baseline.json"),
    "monitor_input_rows_per_second": ("50", 50.0),
    "monitor_queue_bytes": ("1048576", 1048576),
    "feedback_keys_file": ("/etc/signers", Path("/etc/signers")),
    "feedback_max_age_seconds": ("3600", 3600.0),
    "feedback_labels": ("10", 10),
    "feedback_remembered": ("5", 5),
    "http_keep_alive_seconds": ("10", 10),
    "http_compress_bytes": ("0", 0),
    "http_long_json_bytes": ("1000", 1000),
    "http_connections": ("100", 100),
    "http_head_seconds": ("2", 2.0),
    "http_body_seconds": ("3", 3.0),
    "http_write_seconds": ("4", 4.0),
    "grpc_transport": ("grpcio", "grpcio"),
    "grpc_connections": ("100", 100),
    "grpc_streams": ("50", 50),
    "grpc_age_seconds": ("60", 60.0),
    "grpc_age_grace_seconds": ("5", 5.0),
    "grpc_keepalive_seconds": ("0", 0.0),
    "grpc_body_seconds": ("3", 3.0),
    "grpc_write_seconds": ("4", 4.0),
    "grpc_answer_bytes": ("4096", 4096),
    "tls_certificate": ("/tls/tls.crt", Path("/tls/tls.crt")),
    "tls_key": ("/tls/tls.key", Path("/tls/tls.key")),
    "tls_client_ca": ("/tls/ca.crt", Path("/tls/ca.crt")),
    "drain_lame_duck_seconds": ("0", 0.0),
    "drain_timeout_seconds": ("5.5", 5.5),
    "tensorflow_intra_op_threads": ("4", 4),
    "tensorflow_inter_op_threads": ("2", 2),
    "tensorflow_memory_growth": ("false", False),
    "tensorflow_memory_limit_mib": ("2048", 2048),
    "tensorflow_visible_devices": ("0,1", "0,1"),
    "tensorflow_mixed_precision": ("bfloat16", "bfloat16"),
    "tensorflow_xla": ("true", True),
    "versions_policy": ("specific:3,5", "specific:3,5"),
    "versions_labels": ("stable=3,digits/canary=4", "stable=3,digits/canary=4"),
    "versions_poll_seconds": ("0.5", 0.5),
    "versions_swap": ("unload_first", "unload_first"),
    "repository_mode": ("explicit", "explicit"),
}
"""For every setting another value than its default, as it is written and as it is read."""

COMPANIONS = {
    "admin_enabled": {"ADMIN_KEYS_FILE": "/etc/admins"},
    "priority_default_level": {"PRIORITY_LEVELS": "2"},
}
"""What must be set beside those that cannot stand alone."""

each = pytest.mark.parametrize("knob", KNOBS, ids=lambda knob: "_".join(knob.path))


def read(settings: Settings, knob: Knob) -> Any:
    found: Any = settings
    for name in knob.path:
        found = getattr(found, name)
    return found


def other(knob: Knob) -> tuple[str, Any]:
    return OTHER_VALUES["_".join(knob.path)]


def beside(knob: Knob) -> dict[str, str]:
    return COMPANIONS.get("_".join(knob.path), {})


def test_without_a_word_every_setting_has_its_default() -> None:
    assert load([], {}) == Settings()


def test_every_setting_is_tried_here() -> None:
    assert {"_".join(knob.path) for knob in KNOBS} == OTHER_VALUES.keys()


@each
def test_a_setting_is_an_option(knob: Knob) -> None:
    written, value = other(knob)
    assert value != knob.default
    assert read(load([knob.option, written], beside(knob)), knob) == value
    assert read(load([f"{knob.option}={written}"], beside(knob)), knob) == value


@each
def test_a_setting_is_a_variable_of_the_environment(knob: Knob) -> None:
    written, value = other(knob)
    assert read(load([], {**beside(knob), knob.variable: written}), knob) == value


@each
def test_an_option_wins_over_the_environment(knob: Knob) -> None:
    written, value = other(knob)
    assert read(load([knob.option, written], {**beside(knob), knob.variable: str(knob.default)}), knob) == value


@each
def test_a_default_may_be_written_out(knob: Knob) -> None:
    assert read(load([knob.option, str(knob.default)], {}), knob) == knob.default


@each
def test_a_setting_has_a_manual_and_a_place_in_the_help(knob: Knob, capsys: pytest.CaptureFixture[str]) -> None:
    assert knob.manual.endswith(".")
    with pytest.raises(SystemExit) as ended:
        load(["--help"], {})
    assert ended.value.code == 0
    assert f"{knob.option} " in capsys.readouterr().out


def test_no_two_settings_share_a_name() -> None:
    variables = [knob.variable for knob in KNOBS]
    assert len(set(variables)) == len(variables)


@pytest.mark.parametrize(
    ("arguments", "environment", "sentence"),
    [
        pytest.param(
            ["--batch_max_rows", "many"],
            {},
            "--batch_max_rows (or BATCH_MAX_ROWS) is 'many': input should be a valid integer, "
            "unable to parse string as an integer",
            id="a word for a number",
        ),
        pytest.param(
            [],
            {"BATCH_MAX_ROWS": "0"},
            "--batch_max_rows (or BATCH_MAX_ROWS) is '0': input should be greater than or equal to 1",
            id="too small, from the environment",
        ),
        pytest.param(
            ["--batch_max_wait_seconds", "nan"],
            {},
            "--batch_max_wait_seconds (or BATCH_MAX_WAIT_SECONDS) is 'nan': input should be a finite number",
            id="no number",
        ),
        pytest.param(
            ["--shed_status", "500"],
            {},
            "--shed_status (or SHED_STATUS) is 500: input should be 503 or 429",
            id="a status that is no refusal",
        ),
        pytest.param(
            ["--admin_enabled", "true"],
            {},
            "admin_enabled needs --admin_keys_file (or ADMIN_KEYS_FILE), "
            "unless bind_address is a loopback address: it is '0.0.0.0'",
            id="an admin API that is open to everybody",
        ),
        pytest.param(
            ["--model_name", "a/b"],
            {},
            "--model_name (or MODEL_NAME) is 'a/b': string should match pattern '^[^/:\\s]+$'",
            id="a name that is no part of a path",
        ),
        pytest.param(
            ["--http_port", "9", "--grpc_port", "9"],
            {},
            "http_port and grpc_port are both 9: they must differ",
            id="one port for two listeners",
        ),
        pytest.param(["--batch_rows=3"], {}, "unknown option --batch_rows=3", id="an unknown option"),
        pytest.param(["--batch_max_row=3"], {}, "unknown option --batch_max_row=3", id="half an option"),
        pytest.param(["--http_port"], {}, "argument --http_port: expected one argument", id="no value"),
    ],
)
def test_a_mistake_is_told_in_words(arguments: list[str], environment: dict[str, str], sentence: str) -> None:
    with pytest.raises(StartupError) as told:
        load(arguments, environment)
    assert str(told.value) == sentence


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(StartupError) as told:
        load(
            ["--http_port", "99999", "--workers", "4", "--nonsense", "--drain_timeout_seconds=0"],
            {"BATCH_MAX_ROWS": "none", "ENABLE_GRPC": "perhaps"},
        )
    sentences = str(told.value).split("; ")
    told_of = ("http_port", "workers 4", "nonsense", "drain_timeout_seconds", "batch_max_rows", "enable_grpc")
    for word in told_of:
        assert sum(f"--{word}" in sentence for sentence in sentences) == 1
    assert len(sentences) == len(told_of)


@pytest.mark.parametrize("ports", [pytest.param((0, 0), id="free ones"), pytest.param((9, 9), id="without gRPC")])
def test_ports_that_may_be_equal(ports: tuple[int, int]) -> None:
    arguments = ["--http_port", str(ports[0]), "--grpc_port", str(ports[1])]
    assert load([*arguments, "--enable_grpc", str(ports == (0, 0))], {}).http_port == ports[0]


@pytest.mark.parametrize("option", KSERVE_IGNORED)
def test_an_option_of_kserve_that_means_nothing_here_changes_nothing(option: str) -> None:
    assert load([option, "1"], {}) == Settings()


def test_a_flag_of_kserve_that_means_nothing_here_changes_nothing() -> None:
    assert load(["--enable_predictor_health_check"], {}) == Settings()


@pytest.mark.parametrize(("option", "path"), KSERVE_SPELLINGS.items())
def test_kserves_spelling_of_a_setting_is_taken(option: str, path: tuple[str, ...]) -> None:
    (knob,) = [knob for knob in KNOBS if knob.path == path]
    written, value = other(knob)
    assert read(load([option, written], {}), knob) == value


@pytest.mark.parametrize("nothing", ["", "None"])
def test_a_file_that_is_named_by_nothing_is_none(nothing: str) -> None:
    assert load([], {"TLS_CERTIFICATE": nothing}) == Settings()


@pytest.mark.parametrize(("option", "reason"), KSERVE_REFUSED.items())
def test_an_option_of_kserve_that_would_be_a_lie_is_refused(option: str, reason: str) -> None:
    with pytest.raises(StartupError) as told:
        load([option, "2"], {})
    assert str(told.value) == f"{option} 2: {reason}"


def test_one_worker_is_what_there_is() -> None:
    assert load(["--workers", "1"], {}) == Settings()


def test_settings_do_not_change() -> None:
    settings = load([], {})
    with pytest.raises(ValidationError):
        settings.http_port = 1  # type: ignore[misc]
    with pytest.raises(ValidationError):
        settings.batch.max_rows = 1  # type: ignore[misc]


def test_a_variable_that_is_no_setting_is_not_ours() -> None:
    assert load([], {"PATH": "/bin", "BATCH": "1", "ECLUSE": "x"}) == Settings()


def test_a_server_that_only_its_own_machine_reaches_needs_no_keys_for_loading() -> None:
    assert load(["--admin_enabled", "true", "--bind_address", "127.0.0.1"], {}).admin.enabled


def test_an_empty_variable_names_no_file() -> None:
    assert load([], {"AUTH_KEYS_FILE": ""}).auth.keys_file is None
