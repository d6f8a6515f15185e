"""What a laptop's callers send, what is shown of alerts, and what is said where something is missing."""

import json
import socket
import struct
from pathlib import Path

import numpy as np
import pytest
import yaml

from monitoring.laptop import places
from monitoring.laptop.digits import IMAGES, LABELS, Digits, NoDigits, digits, read
from monitoring.laptop.notices import lines
from monitoring.laptop.pictures import page
from monitoring.laptop.questions import OVERLOAD_ROWS, Incident, Question, ask, flood, labels
from tests.servers import ROOT

SEVEN = ROOT / "docs/examples/seven.json"


@pytest.fixture
def ten() -> Digits:
    pictures = np.zeros((10, 28, 28), dtype=np.uint8)
    pictures[:, 10:18, 10:18] = 200
    return Digits(pictures, np.arange(10, dtype=np.uint8), real=True)


def asked(given: Digits, incident: Incident | None = None, seed: int = 1) -> Question:
    return ask(np.random.default_rng(seed), given, "mnist", incident)


def tensor(question: Question) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    (sent,) = json.loads(question.body)["inputs"]
    assert sent["datatype"] == "UINT8"
    return np.array(sent["data"], dtype=np.uint8).reshape(sent["shape"])


class TestQuestions:
    def test_a_question_holds_rows_and_their_truth(self, ten: Digits) -> None:
        question = asked(ten)
        assert question.path == "/v2/models/mnist/infer"
        assert len(tensor(question)) == len(question.truth) >= 1
        assert set(question.truth) <= set(range(10))

    def test_drift_changes_pictures_and_not_the_truth(self, ten: Digits) -> None:
        assert asked(ten, Incident.DRIFT).truth == asked(ten).truth
        assert tensor(asked(ten, Incident.DRIFT)).std() > 10
        assert not np.array_equal(tensor(asked(ten, Incident.DRIFT)), tensor(asked(ten)))

    def test_wrong_labels_are_one_further(self, ten: Digits) -> None:
        wrong, right = asked(ten, Incident.WRONG_LABELS), asked(ten)
        assert wrong.body == right.body
        assert wrong.truth == tuple((label + 1) % 10 for label in right.truth)

    def test_some_callers_are_impatient_where_errors_are_asked_for(self, ten: Digits) -> None:
        impatient = ["X-Request-Timeout-Ms" in asked(ten, Incident.ERRORS, seed).headers for seed in range(60)]
        assert 5 < sum(impatient) < 40

    def test_an_overload_asks_very_many_rows(self, ten: Digits) -> None:
        assert len(tensor(flood(ten, "mnist"))) == OVERLOAD_ROWS

    def test_labels_are_sent_for_an_answer_that_has_an_id(self) -> None:
        assert labels({"parameters": {"prediction_id": "t"}}, (7, 1)) == [
            {"id": "t", "row": 0, "label": 7},
            {"id": "t", "row": 1, "label": 1},
        ]
        assert labels({}, (7,)) == []


class TestDigits:
    def test_files_of_mnist_are_read(self, tmp_path: Path) -> None:
        (tmp_path / IMAGES).write_bytes(struct.pack(">4i", 2051, 9, 2, 2) + bytes(9 * 4))
        (tmp_path / LABELS).write_bytes(struct.pack(">2i", 2049, 9) + bytes(range(9)))
        found = read(tmp_path)
        assert found.pictures.shape == (9, 2, 2)
        assert found.labels.tolist() == list(range(9))

    def test_what_is_no_file_of_mnist_is_named(self, tmp_path: Path) -> None:
        (tmp_path / IMAGES).write_bytes(bytes(100))
        (tmp_path / LABELS).write_bytes(bytes(100))
        with pytest.raises(NoDigits, match=f"{IMAGES} is no file of MNIST's"):
            read(tmp_path)

    def test_a_folder_that_does_not_fit_together_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / IMAGES).write_bytes(struct.pack(">4i", 2051, 3, 2, 2) + bytes(9))
        (tmp_path / LABELS).write_bytes(struct.pack(">2i", 2049, 3) + bytes(20))
        with pytest.raises(NoDigits, match="holds 20 labels and 9 pixels for 3 pictures"):
            read(tmp_path)

    def test_without_kept_pictures_it_is_one_seven(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        found = digits(None, SEVEN)
        assert not found.real
        assert found.pictures.shape == (1, 28, 28)

    def test_a_folder_that_was_asked_for_must_hold_them(self, tmp_path: Path) -> None:
        with pytest.raises(NoDigits, match="holds no"):
            digits(tmp_path, SEVEN)


def test_an_alert_is_shown_in_a_line() -> None:
    notice = {
        "alerts": [
            {
                "status": "firing",
                "labels": {"alertname": "EcluseInputDrift", "severity": "warning"},
                "annotations": {"summary": "S.", "description": "A feature has moved."},
            },
            {"status": "resolved", "labels": {"alertname": "EcluseDown", "severity": "critical"}},
        ]
    }
    assert lines("model-owners", notice) == [
        "alert for model-owners: FIRING EcluseInputDrift (warning): A feature has moved.",
        "alert for model-owners: over EcluseDown (critical): ",
    ]


class TestPlaces:
    def test_a_program_that_is_missing_is_told_with_how_to_get_it(self) -> None:
        with pytest.raises(places.Missing, match=r"no-such-program is not installed; .* apt-get install prometheus"):
            places.program(["no-such-program"])

    def test_a_port_that_is_taken_is_named_by_its_setting(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            with pytest.raises(places.Missing, match=f"port {port} is taken by another program; give another: make"):
                places.check_ports({"HTTP_PORT": port})

    @pytest.mark.parametrize("port", [0, -1, 65536])
    def test_a_port_is_one_that_there_is(self, port: int) -> None:
        with pytest.raises(places.Missing, match=f"HTTP_PORT is {port}, expected a port from 1 to 65535"):
            places.check_ports({"HTTP_PORT": port})

    def test_a_port_is_given_once(self) -> None:
        with pytest.raises(places.Missing, match="HTTP_PORT and GRPC_PORT are both 1; each needs"):
            places.check_ports({"HTTP_PORT": 1, "GRPC_PORT": 1})

    def test_a_key_is_made_once_and_for_its_owner_alone(self, tmp_path: Path) -> None:
        file = places.write_keys(tmp_path / "keys")
        first = file.read_text()
        assert file.stat().st_mode & 0o077 == 0
        assert places.write_keys(file).read_text() == first
        name, secret = first.strip().split(":")
        assert name == "laptop"
        assert len(secret) >= 32

    def test_configurations_have_the_ports_that_were_given(self, tmp_path: Path) -> None:
        prometheus = places.write_prometheus(
            tmp_path / "p.yml", tmp_path, http_port=1, alertmanager_port=2, scrape_seconds=None
        )
        written = yaml.safe_load(prometheus.read_text())
        assert written["scrape_configs"][0]["static_configs"][0]["targets"] == ["127.0.0.1:1"]
        assert written["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"] == ["127.0.0.1:2"]
        routes = yaml.safe_load(places.write_alertmanager(tmp_path / "a.yml", 3, hurried=True).read_text())
        urls = [webhook["url"] for receiver in routes["receivers"] for webhook in receiver["webhook_configs"]]
        assert all(url.startswith("http://127.0.0.1:3/") for url in urls)
        assert routes["route"]["routes"][0]["group_wait"] == "1s"


def test_the_page_shows_every_dashboard() -> None:
    shown = page(["overview", "drift"])
    assert 'src="overview.png"' in shown
    assert 'src="drift.png"' in shown
