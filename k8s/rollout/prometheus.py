"""Ask Prometheus, and say in one sentence why it gave no answer.

Knows addresses, credentials and the form of answers; what is asked and what it
means is the gates'. A file of credentials is read for each question, since
tokens change; redirects are not followed, since they would be shown it.
"""

import base64
import json
import math
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import urllib3
from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError, ProtocolError, SSLError
from urllib3.exceptions import TimeoutError as TooSlow

from k8s.rollout.gates.sample import Sample

LONGEST_QUOTED = 300
"""Characters of an answer that a sentence repeats."""
ADVICE = "PromQL info"
"""Begins a warning about how a query is written, as of a metric whose name is not a counter's."""
MOST_BYTES = 8 * 2**20
"""Of an answer; gates ask for sums."""


class NoMetrics(Exception):
    """Prometheus gave no answer to go by; the message says why in one sentence."""


class Misnamed(NoMetrics):
    """What it is asked with can never do: an address, a file. The message says what was expected."""


class Prometheus:
    """One Prometheus, or what speaks like it: Thanos, Mimir, VictoriaMetrics."""

    def __init__(
        self,
        url: str,
        *,
        timeout_seconds: float = 10.0,
        token_file: str | Path | None = None,
        basic_file: str | Path | None = None,
        ca_file: str | Path | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """`token_file` holds a bearer token, `basic_file` USER:PASSWORD; raises Misnamed where none can be used."""
        parts = _address(url)
        if token_file and basic_file:
            raise Misnamed("Prometheus is given a token and a password; one of both is enough")
        self.url = url.rstrip("/")
        self._token_file, self._basic_file = token_file, basic_file
        self._headers = dict(headers or {})
        if parts.auth:
            raise Misnamed("the address of Prometheus holds a password, which logs would show: put it into a file")
        self._pool = urllib3.PoolManager(
            timeout=urllib3.Timeout(total=timeout_seconds),
            retries=False,
            ssl_context=_trusting(ca_file) if ca_file else None,
        )

    def query(self, promql: str, at: float | None = None) -> list[Sample]:
        """The value of each series, now or at a time; raises NoMetrics."""
        asked = {"query": promql} if at is None else {"query": promql, "time": repr(float(at))}
        headers = {**self._headers, **self._credentials(), "Content-Type": "application/x-www-form-urlencoded"}
        data = self._answer(urlencode(asked).encode(), headers)
        return [*self._samples(data)]

    def _credentials(self) -> dict[str, str]:
        if self._token_file:
            return {"Authorization": f"Bearer {_secret(self._token_file)}"}
        if self._basic_file:
            pair = base64.b64encode(_secret(self._basic_file).encode()).decode()
            return {"Authorization": f"Basic {pair}"}
        return {}

    def _answer(self, body: bytes, headers: Mapping[str, str]) -> Any:
        try:
            reply = self._pool.request(
                "POST", f"{self.url}/api/v1/query", body=body, headers=headers, redirect=False, preload_content=False
            )
            try:
                content = reply.read(MOST_BYTES + 1, decode_content=True)
            finally:
                reply.close()
        except HTTPError as error:
            raise NoMetrics(f"Prometheus at {self.url} cannot be asked: {_reason(error)}") from error
        except (OSError, ValueError) as error:
            raise NoMetrics(f"Prometheus at {self.url} cannot be asked: {error}") from error
        return self._understood(reply.status, reply.headers.get("Content-Type", ""), content)

    def _understood(self, status: int, kind: str, content: bytes) -> Any:
        said = f"Prometheus at {self.url}"
        if len(content) > MOST_BYTES:
            raise NoMetrics(f"{said} answers with more than {MOST_BYTES} bytes: the query gives far too many series")
        try:
            answer = json.loads(content)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict) or "status" not in answer:
            quoted = _quoted(content) if status != 200 and "html" not in kind else ""
            what = f"{kind.split(';')[0] or 'something'} in place of its JSON, with status {status}"
            raise NoMetrics(f"{said} answers with {what}{f': {quoted}' if quoted else _hint(status)}")
        if status != 200 or answer["status"] != "success":
            raise NoMetrics(f"{said} refuses the question with status {status}: {_quoted(answer.get('error', ''))}")
        # An answer with warnings, as Thanos gives where a store did not answer, may lack half of the counts.
        warnings = [str(each) for each in answer.get("warnings") or () if not str(each).startswith(ADVICE)]
        if warnings:
            raise NoMetrics(f"{said} warns that its answer may not be whole: {_quoted('; '.join(warnings))}")
        return answer.get("data")

    def _samples(self, data: Any) -> list[Sample]:
        try:
            if data["resultType"] == "scalar":
                return [Sample({}, _number(data["result"][1]))]
            if data["resultType"] != "vector":
                raise NoMetrics(
                    f"the query gives a {data['resultType']}, and one number a series is expected: "
                    "put a function as avg_over_time around it"
                )
            return [Sample(dict(each["metric"]), _number(each["value"][1])) for each in data["result"]]
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise NoMetrics(f"Prometheus at {self.url} answers in a form of its own, without {error}") from error


def _address(url: str) -> urllib3.util.Url:
    try:
        parts = urllib3.util.parse_url(url)
    except HTTPError:
        parts = urllib3.util.Url()
    if parts.scheme not in ("http", "https") or not parts.host:
        raise Misnamed(f"{url!r} is no address of a Prometheus, as http://prometheus.monitoring:9090")
    return parts


def _trusting(file: str | Path) -> ssl.SSLContext:
    if not Path(file).is_file():
        raise Misnamed(f"the file {file} with the authority of Prometheus' certificate does not exist")
    try:
        return ssl.create_default_context(cafile=str(file))
    except (OSError, ValueError) as error:
        raise Misnamed(f"the file {file} holds no certificate of an authority in PEM") from error


def _secret(file: str | Path) -> str:
    try:
        text = Path(file).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise Misnamed(f"the file {file} with the credentials for Prometheus cannot be read: {why}") from error
    if not text or any(character in text for character in "\r\n"):
        raise Misnamed(f"the file {file} with the credentials for Prometheus must hold one line")
    return text


def _number(text: Any) -> float:
    """Prometheus writes numbers as text, with its own words for those that are none."""
    return {"+Inf": math.inf, "-Inf": -math.inf}.get(text) or float(text)


def _reason(error: HTTPError) -> str:
    cause: BaseException = error.reason if isinstance(error, MaxRetryError) and error.reason else error
    # urllib3 takes a refused connection for one that came too late.
    if isinstance(cause, NewConnectionError):
        return str(cause).rpartition(": ")[2]
    if isinstance(cause, TooSlow):
        return "it does not answer in time"
    if isinstance(cause, ProtocolError):
        return "it ended the connection without an answer"
    if isinstance(cause, SSLError):
        return f"its certificate is not trusted, or it speaks no TLS ({' '.join(str(cause).split())[:LONGEST_QUOTED]})"
    return " ".join(str(cause).split())[:LONGEST_QUOTED] or type(cause).__name__


def _hint(status: int) -> str:
    hints = {
        401: ": it wants credentials",
        403: ": the credentials may not ask it",
        404: ": is the path of the address right?",
    }
    return hints.get(status, ": is this the address of a Prometheus?")


def _quoted(text: Any) -> str:
    words = text.decode(errors="replace") if isinstance(text, bytes) else str(text)
    return " ".join(words.split())[:LONGEST_QUOTED] or "it says no more"
