"""Put the same requests before every contender, in turn, round after round.

Taking turns spreads whatever else the machine does over all contenders alike.
A server whose answer differs from the first answer of the run ends it; a
protocol that a server refuses is noted and left out for that server. One line
is printed per measurement, so that a long run can be watched.
"""

from functools import partial
from pathlib import Path

from loadtests.bench.closed_loop import Load, measure
from loadtests.bench.cores import Cores
from loadtests.bench.cpu_time import process_cpu_seconds
from loadtests.bench.errors import BenchError, Refused
from loadtests.bench.options import Options
from loadtests.bench.protocols import PROTOCOLS, PreparedRequest, Target
from loadtests.bench.rest_v2 import fetch_inputs
from loadtests.bench.results import Measurement, Refusal, reduce_sample
from loadtests.bench.servers import Contender, running
from loadtests.bench.tensors import Answer, Tensor, differences, one_row


class Contest:
    """One run: what was asked, what was answered first, what was measured."""

    def __init__(self, options: Options, cores: Cores | None) -> None:
        self._options = options
        self._server_core = cores.server if cores else None
        self._expected: Answer | None = None
        self.tensors: list[Tensor] = []
        self.body_bytes: dict[str, int] = {}
        self.measurements: list[Measurement] = []
        self.refusals: dict[tuple[str, str], Refusal] = {}

    def run(self) -> None:
        for round_number in range(1, self._options.rounds + 1):
            for contender in self._options.contenders:
                with running(
                    contender,
                    model_name=self._options.model_name,
                    model_dir=self._options.model_dir,
                    core=self._server_core,
                    log=self._log(contender, round_number),
                ) as target:
                    self._measure_server(contender, target, round_number)
        if not self.measurements:
            raise BenchError("no server answered over any protocol; the lines above say what each said")

    def _measure_server(self, contender: Contender, target: Target, round_number: int) -> None:
        if not self.tensors:
            self.tensors = one_row(fetch_inputs(target.model_name, target.http_port))
        for protocol, prepare in PROTOCOLS.items():
            request = prepare(target, self.tensors)
            self.body_bytes[protocol] = request.body_bytes
            try:
                self._check(request.ask(), contender, protocol)
            except Refused as refusal:
                self.refusals[contender.name, protocol] = Refusal(contender.name, protocol, str(refusal))
                print(f"round {round_number}  {contender.title:23}  {protocol:9}  refused: {refusal}")
                continue
            for connections in self._options.connections:
                self._measure_case(contender, target, protocol, request, connections, round_number)

    def _check(self, answer: Answer, contender: Contender, protocol: str) -> None:
        """Compare with the first answer of the run, whoever gave it."""
        if self._expected is None:
            self._expected = answer
        difference = differences(self._expected, answer)
        if difference:
            raise BenchError(f"{contender.title} answers {protocol} differently: {difference}")

    def _measure_case(
        self,
        contender: Contender,
        target: Target,
        protocol: str,
        request: PreparedRequest,
        connections: int,
        round_number: int,
    ) -> None:
        sample = measure(
            request.open_connection,
            request.port,
            Load(connections, self._options.warm_up_seconds, self._options.seconds),
            partial(process_cpu_seconds, target.process_id),
        )
        seen = reduce_sample(
            sample,
            contender=contender.name,
            protocol=protocol,
            connections=connections,
            round_number=round_number,
        )
        self.measurements.append(seen)
        print(
            f"round {round_number}  {contender.title:23}  {protocol:9} {connections:4} connections"
            f"{seen.requests_per_second:9,.0f} requests/s   p50 {seen.p50_seconds * 1000:6.2f} ms"
            f"   p99 {seen.p99_seconds * 1000:6.2f} ms   errors {seen.errors}"
            f"   cores: server {_share(seen.server_cpu_share)}, client {_share(seen.client_cpu_share)}",
            flush=True,
        )

    def _log(self, contender: Contender, round_number: int) -> Path:
        return self._options.out / "logs" / f"{contender.name}-{round_number}.log"


def _share(share: float | None) -> str:
    return "unknown" if share is None else f"{share:.0%}"
