"""A whole run, from the order to the exit status. The process must have been patched before this is imported."""

import gc
import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

from loadtests.clients.address import BadAddress
from loadtests.engine.assignment import Assignment
from loadtests.engine.change import Performance
from loadtests.engine.change_words import words_of
from loadtests.engine.conductor import Conducted, Conductor
from loadtests.engine.crew import Crew, NoCrew, NoPort
from loadtests.engine.intent import intent
from loadtests.engine.interruption import Interruption
from loadtests.engine.known_accuracy import known_accuracy
from loadtests.engine.local_crew import LocalCrew
from loadtests.engine.metrics_server import MetricsServer
from loadtests.engine.order import Order
from loadtests.engine.preflight import Preflight, Unreachable, repeatable, try_each
from loadtests.engine.preparing import access, generator, load, model_of
from loadtests.engine.processes import Processes, folder_for_logs
from loadtests.engine.remote_crew import RemoteCrew
from loadtests.engine.showing import Showing
from loadtests.engine.surroundings import surroundings
from loadtests.measure.run import GeneratorSecond, Run, Span
from loadtests.measure.timeline import Timeline
from loadtests.report import ending, summary, write
from loadtests.report.figures import phases
from loadtests.report.json_text import as_json
from loadtests.report.live import Live
from loadtests.report.metrics import CONTENT_TYPE, Exporter
from loadtests.requests.rows import BadData
from loadtests.requests.target import BadTarget
from loadtests.verdict.capacity import holds
from loadtests.verdict.judge import judge
from loadtests.verdict.result import Status, Verdict

CHANGE_LOG = "change.log"


def run(order: Order) -> Status:
    """Put the load on, judge it and report it; what went wrong before that is told in a sentence."""
    if not order.is_quiet:
        print("\n".join(intent(order)), file=sys.stderr)
    with ExitStack() as cleanup:
        ended_at_once: list[Callable[[], None]] = []
        interruption = Interruption(ended_at_once)
        exporter = Exporter(order.profile_name, [stream.name for stream in order.profile.streams])
        try:
            server = None
            if order.metrics_port is not None:
                server = MetricsServer(order.metrics_port, exporter.render, CONTENT_TYPE)
            assignment, known = _look(order, interruption)
            crew = _gather(order, assignment, interruption, cleanup, ended_at_once)
        except (BadTarget, BadData, BadAddress, NoPort) as mistake:
            return _refuse(mistake, Status.USAGE)
        except Unreachable as fault:
            return _refuse(fault, Status.INTERRUPTED if interruption.words else Status.UNREACHABLE)
        except NoCrew as fault:
            return _refuse(fault, Status.INTERRUPTED if interruption.words else Status.INCONCLUSIVE)
        environment = surroundings() | known
        conducted = _conduct(order, crew, exporter, interruption, ended_at_once)
        status = _report(order, conducted, crew.workers, exporter, environment)
        # Workers are let go before the last scrape is waited for.
        cleanup.close()
        if server is not None:
            server.wait_for_a_scrape(interruption.wait)
            server.close()
    return status


def _look(order: Order, interruption: Interruption) -> tuple[Assignment, dict[str, str]]:
    """See that the target can be asked all that will be asked, and what is known of it beforehand."""
    profile = order.profile
    preflight = Preflight(order.addresses.url, access(order.addresses, order.headers), interruption.wait)
    models = sorted({model_of(stream, order.model) for stream in profile.streams})
    asks_grpc = any(stream.protocol == "grpc" for stream in profile.streams)
    preflight.wait_ready(models, order.addresses.grpc if asks_grpc else "", order.ready_wait_seconds)
    accuracy = known_accuracy(preflight.metrics(), models)
    assignment = Assignment(
        profile=profile,
        model=order.model,
        addresses=order.addresses,
        metadata={model: preflight.metadata(model) for model in models},
        pictures=order.pictures,
        workers=order.expected_workers or order.processes,
    )
    return assignment, {} if accuracy is None else {"known_accuracy": f"{accuracy:g}"}


def _gather(
    order: Order,
    assignment: Assignment,
    interruption: Interruption,
    cleanup: ExitStack,
    ended_at_once: list[Callable[[], None]],
) -> Crew:
    """Try every kind of request once, and get the workers ready to send the rest."""
    loaded = load(assignment, order.headers)
    at = {
        stream.name: order.addresses.grpc if stream.protocol == "grpc" else order.addresses.url
        for stream in order.profile.streams
    }
    try_each(loaded, order.profile.timeout_seconds, at)
    assignment = replace(assignment, repeatable=repeatable(loaded, order.profile))
    for stream in loaded:
        stream.client.close()
    crew: LocalCrew | RemoteCrew
    if assignment.workers == 1 and not order.expected_workers:
        crew = LocalCrew(generator(assignment, load(assignment, order.headers), "local"))
        cleanup.callback(crew.close)
    else:
        crew = _remote(order, assignment, interruption, cleanup, ended_at_once)
    # All that was made until here is never looked through again.
    gc.collect()
    gc.freeze()
    return crew


def _remote(
    order: Order,
    assignment: Assignment,
    interruption: Interruption,
    cleanup: ExitStack,
    ended_at_once: list[Callable[[], None]],
) -> RemoteCrew:
    processes: list[Processes] = []
    crew = RemoteCrew(
        order.bind if order.expected_workers else "127.0.0.1",
        order.port if order.expected_workers else 0,
        assignment.workers,
        lambda: [words for each in processes for words in each.fates()],
    )
    if not order.expected_workers:
        begun = Processes(assignment.workers, crew.port, order.headers, folder_for_logs(order.out))
        processes.append(begun)
        cleanup.callback(begun.close)
        ended_at_once.append(begun.kill)
    cleanup.callback(crew.close)
    crew.gather(order.worker_wait_seconds, interruption.wait)
    crew.prepare(assignment)
    return crew


def _conduct(
    order: Order, crew: Crew, exporter: Exporter, interruption: Interruption, ended_at_once: list[Callable[[], None]]
) -> Conducted:
    profile = order.profile
    performance = None
    if profile.change is not None:
        log = folder_for_logs(order.out) / CHANGE_LOG
        performance = Performance(words_of(profile.change), log, most_seconds=profile.change.most_seconds)
        ended_at_once.append(performance.kill)

    def holds_promise(timeline: Timeline, span: Span, generator: list[GeneratorSecond]) -> bool | None:
        return holds(timeline, span, generator, profile, order.promise)

    with Live(quiet=order.is_quiet) as live:
        conductor = Conductor(
            profile,
            crew,
            Showing([live, exporter], workers=crew.workers),
            performance=performance,
            judge=holds_promise,
            is_cut_off=interruption.wait,
            cut_off_words=lambda: interruption.words,
            give_up_after=order.give_up_after_seconds,
        )
        return conductor.conduct()


def _report(
    order: Order, conducted: Conducted, workers: int, exporter: Exporter, environment: dict[str, str]
) -> Status:
    addresses = order.addresses
    seen = Run(
        profile=order.profile.model_dump(mode="json"),
        profile_name=order.profile_name,
        target={"rest": addresses.url, "grpc": addresses.grpc, "model": order.model},
        began_at=conducted.began_at,
        timeline=conducted.timeline,
        spans=conducted.spans,
        generator=conducted.generator,
        workers=workers,
        change=conducted.change,
        cut_off=conducted.cut_off,
        troubles=conducted.troubles,
        environment=environment,
        promise=order.promise.model_dump(mode="json", include={"availability", "latency"}),
    )
    verdict = _judged(seen, order)
    exporter.ended(verdict.status)
    troubles = write(seen, verdict, order.out)
    for trouble in troubles:
        print(trouble, file=sys.stderr)
    figures = phases(seen)
    ending.tell(verdict, figures, is_quiet=order.is_quiet)
    if not troubles:
        print(f"The reports are in {_shown(order.out)}.")
    elif order.out.is_dir():
        print(f"What could be written of the reports is in {_shown(order.out)}.")
    if order.is_json:
        print(as_json(summary.summary(seen, verdict, figures)).decode(errors="replace"))
    return Status.INTERRUPTED if conducted.is_interrupted else verdict.status


def _judged(seen: Run, order: Order) -> Verdict:
    try:
        return judge(seen, order.profile, order.promise)
    except Exception as fault:  # noqa: BLE001  whatever it is, what was measured is kept
        return Verdict(
            Status.INCONCLUSIVE, reasons=(f"the load test failed to judge it: {type(fault).__name__}: {fault}",)
        )


def _shown(path: Path) -> str:
    with suppress(ValueError):
        inside = path.resolve().relative_to(Path.cwd())
        return str(inside) if inside.parts else str(path.resolve())
    return str(path)


def _refuse(fault: Exception, status: Status) -> Status:
    print(f"loadtests: {fault}", file=sys.stderr)
    return status
