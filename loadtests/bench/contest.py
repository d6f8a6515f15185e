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
from loadtests.bench.options import Exhibit, Options
from loadtests.bench.protocols import MANY_ROWS, PROTOCOLS, PreparedRequest, Target, many_rows_name
from loadtests.bench.rest_v2 import fetch_inputs
from loadtests.bench.results import Measurement, Plan, Refusal, Run, reduce_sample
from loadtests.bench.servers import OURS, Contender, running
from loadtests.bench.tensorflow_process import raw_batches_per_second
from loadtests.bench.tensors import Answer, Tensor, differences, made_rows
from loadtests.machine import Machine


class Contest:
    """One model: what was asked, what was answered first, what was measured."""

    def __init__(self, exhibit: Exhibit, folder: Path, options: Options, cores: Cores | None) -> None:
        self._exhibit = exhibit
        self._folder = folder
        self._options = options
        self._server_core = cores.server if cores else None
        self._expected: dict[int, Answer] = {}
        self.tensors: list[Tensor] = []
        self.many: list[Tensor] = []
        """The inputs of a large request."""
        self.body_bytes: dict[str, int] = {}
        self.measurements: list[Measurement] = []
        self.refusals: dict[tuple[str, str], Refusal] = {}
        self.bounds: list[float] = []
        """Rows a second of raw TensorFlow, one figure a round."""

    def run(self) -> None:
        for round_number in range(1, self._options.rounds + 1):
            for contender in self._exhibit.contenders:
                with running(
                    contender,
                    model_name=self._exhibit.name,
                    model_dir=self._folder,
                    core=self._server_core,
                    log=self._log(contender, round_number),
                ) as target:
                    self._measure_server(contender, target, round_number)
            if self.many:
                self._measure_bound(round_number)
        if not self.measurements:
            raise BenchError("no server answered over any protocol; the lines above say what each said")

    def seen(self, date: str, machine: Machine, plan: Plan) -> Run:
        """Give everything that was seen, with what was asked."""
        return Run(
            model=self._exhibit.name,
            date=date,
            machine=machine,
            plan=plan,
            titles={each.name: each.title for each in self._exhibit.contenders},
            body_bytes=self.body_bytes,
            measurements=tuple(self.measurements),
            refusals=tuple(self.refusals.values()),
            bounds=tuple(self.bounds),
        )

    def _measure_server(self, contender: Contender, target: Target, round_number: int) -> None:
        rows = self._options.rows
        if not self.tensors:
            inputs = fetch_inputs(target.model_name, target.http_port)
            self.tensors = made_rows(inputs)
            self.many = made_rows(inputs, rows) if rows else []
        for protocol, prepare in PROTOCOLS.items():
            self._measure_protocol(contender, target, protocol, prepare(target, self.tensors), round_number)
        if contender is OURS and self.many:
            request = PROTOCOLS[MANY_ROWS](target, self.many)
            self._measure_protocol(contender, target, many_rows_name(rows), request, round_number, rows)

    def _measure_protocol(
        self,
        contender: Contender,
        target: Target,
        protocol: str,
        request: PreparedRequest,
        round_number: int,
        rows: int = 1,
    ) -> None:
        self.body_bytes[protocol] = request.body_bytes
        try:
            self._check(request.ask(), contender, protocol, rows)
        except Refused as refusal:
            self.refusals[contender.name, protocol] = Refusal(contender.name, protocol, str(refusal))
            print(f"round {round_number}  {contender.title:23}  {protocol:9}  refused: {refusal}")
            return
        for connections in self._options.connections:
            self._measure_case(contender, target, protocol, request, connections, round_number)

    def _check(self, answer: Answer, contender: Contender, protocol: str, rows: int) -> None:
        """Compare with the first answer of the run to as many rows, whoever gave it."""
        difference = differences(self._expected.setdefault(rows, answer), answer)
        if difference:
            raise BenchError(f"{contender.title} answers {protocol} differently: {difference}")

    def _measure_bound(self, round_number: int) -> None:
        rows = self._options.rows
        batches = raw_batches_per_second(
            self._folder,
            self.many,
            self._options.seconds,
            core=self._server_core,
            tensors=self._options.out / "rows.npz",
        )
        self.bounds.append(batches * rows)
        print(
            f"round {round_number}  raw TensorFlow           {rows} rows a batch  {batches * rows:9,.0f} rows/s",
            flush=True,
        )

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
            f"round {round_number}  {contender.title:23}  {protocol:18} {connections:4} connections"
            f"{seen.requests_per_second:9,.0f} requests/s   p50 {seen.p50_seconds * 1000:6.2f} ms"
            f"   p99 {seen.p99_seconds * 1000:6.2f} ms   errors {seen.errors}"
            f"   cores: server {_share(seen.server_cpu_share)}, client {_share(seen.client_cpu_share)}",
            flush=True,
        )

    def _log(self, contender: Contender, round_number: int) -> Path:
        return self._options.out / "logs" / f"{self._exhibit.name}-{contender.name}-{round_number}.log"


def _share(share: float | None) -> str:
    return "unknown" if share is None else f"{share:.0%}"
