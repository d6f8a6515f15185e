"""Servers and models that are not there."""

from monitoring.rules.alerts.words import COUNT, MODEL, SERVER
from monitoring.rules.rule import Alert, Component, Group, Severity
from monitoring.slo import Promise


def alerts(promise: Promise) -> Group:
    del promise
    return Group(
        "ecluse-availability-alerts",
        (
            Alert(
                # What was one of our jobs within a day is one; no name of a job has to be known.
                "EcluseDown",
                "up == 0 and on (namespace, job) last_over_time(ecluse_build_info[1d])",
                lasting="5m",
                severity=Severity.CRITICAL,
                component=Component.AVAILABILITY,
                summary="A server does not answer Prometheus.",
                description=f"{SERVER}, of the job {{{{ $labels.job }}}}, cannot be scraped.",
                dashboard="ecluse-overview",
            ),
            Alert(
                "EcluseAbsent",
                "absent(ecluse_build_info)",
                lasting="10m",
                severity=Severity.CRITICAL,
                component=Component.AVAILABILITY,
                summary="No server is known to Prometheus at all.",
                description="Prometheus has no series of any server: none runs, or none is found.",
                dashboard="ecluse-overview",
            ),
            Alert(
                "EcluseServiceVanished",
                "count by (namespace, job) (last_over_time(ecluse_build_info[1h]))"
                " unless on (namespace, job) (ecluse_build_info or up == 0)",
                lasting="10m",
                severity=Severity.WARNING,
                component=Component.AVAILABILITY,
                summary="All servers of a job are gone, and it was there within the hour.",
                description=f"The job {{{{ $labels.job }}}} had {COUNT} servers within the hour and has none.",
                dashboard="ecluse-overview",
            ),
            Alert(
                "EcluseModelUnavailable",
                "max by (namespace, model_name) (ecluse_model_ready"
                " unless on (namespace, job, instance) ecluse_draining == 1) == 0",
                lasting="5m",
                severity=Severity.CRITICAL,
                component=Component.AVAILABILITY,
                summary="No server is ready to answer for a model.",
                description=f"No version is ready anywhere of {MODEL}.",
                dashboard="ecluse-overview",
            ),
            Alert(
                "EcluseRestarting",
                "changes(ecluse_start_time_seconds[30m]) > 2",
                lasting="1m",
                severity=Severity.WARNING,
                component=Component.AVAILABILITY,
                summary="A server starts again and again.",
                description=f"{SERVER} has been started {COUNT} times anew within half an hour.",
                dashboard="ecluse-rollout",
            ),
        ),
    )
