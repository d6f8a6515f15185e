"""What is wrong with one pod, by its own status and events.

The words of the registry, the kubelet and the scheduler are passed on, less
the wrapping. A container that has crashed counts as crashing through the
moments in which it runs again, or no crash loop would ever last. Pure.
"""

import re
from collections.abc import Iterator, Sequence

from k8s.json_object import Json
from k8s.wait.seen import TEMPLATE_HASH, condition, containers, is_over, is_ready, labels, name, spec, status
from k8s.wait.troubles import Kind, Trouble

CRASHES = 2
"""One crash can be of a neighbour or of a node; from the second on it is a loop."""

_PULLING = ("ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "RegistryUnavailable", "ImageInspectError")
_CANNOT_START = (
    "CreateContainerError",
    "RunContainerError",
    "PreCreateHookError",
    "PreStartHookError",
    "PostStartHookError",
)
_PASSING = re.compile(
    r"timeout|timed out|connection refused|connection reset|dial tcp|no such host|unexpected EOF|"
    r"TLS handshake|toomanyrequests|too many requests|\b50[0-4]\b|temporar|pull QPS exceeded",
    re.IGNORECASE,
)
"""Words of a registry that cannot be reached just then, unlike one that says no."""


def pod_troubles(pod: Json, events: Sequence[Json]) -> Iterator[Trouble]:
    """Name what keeps a pod from being ready, the first cause first; `events` are the pod's own, newest last."""
    if is_ready(pod):
        return
    revision = str(labels(pod).get(TEMPLATE_HASH, ""))
    about = {"pod": name(pod), "revision": revision}
    if is_over(pod):
        told = status(pod).get("message") or status(pod).get("reason") or "the node says no more"
        yield Trouble(Kind.EVICTED, f"pod {name(pod)} was ended by its node: {tidy(told)}", **about)
        return
    placed = condition(pod, "PodScheduled")
    if placed is not None and placed.get("status") == "False":
        yield Trouble(Kind.UNSCHEDULABLE, f"pod {name(pod)} cannot be placed: {scheduler_words(placed)}", **about)
        return
    troubled = False
    for container, state, goes_first in containers(pod):
        for trouble in _of_container(pod, container, state, goes_first, events):
            troubled = True
            yield trouble
        if troubled and goes_first:
            return
    if not troubled:
        yield from _of_start(pod, events, about)


def _of_container(
    pod: Json, container: Json, state: Json, goes_first: bool, events: Sequence[Json]
) -> Iterator[Trouble]:
    called = f"{'init container' if goes_first else 'container'} {container['name']} of pod {name(pod)}"
    about = {
        "pod": name(pod),
        "container": str(container["name"]),
        "revision": str(labels(pod).get(TEMPLATE_HASH, "")),
    }
    now = state.get("state") or {}
    waiting = now.get("waiting") or {}
    reason, message = str(waiting.get("reason", "")), str(waiting.get("message") or "")
    ended = now.get("terminated") or (state.get("lastState") or {}).get("terminated") or {}
    ends = int(state.get("restartCount", 0)) + ("running" not in now)
    image = container.get("image", "")
    if reason == "InvalidImageName":
        yield Trouble(Kind.IMAGE_NAME, f"{image!r} of {called} is not the name of an image", **about)
    elif reason in _PULLING:
        words = registry_words(message, events, image)
        kind = Kind.REGISTRY if _PASSING.search(words) else Kind.IMAGE
        yield Trouble(kind, f"image {image} of {called} cannot be pulled: {words}", **about)
    elif reason == "CreateContainerConfigError":
        yield Trouble(Kind.CONFIG, f"{called} cannot be configured: {tidy(message)}", **about)
    elif reason in _CANNOT_START or ended.get("reason") in ("StartError", "ContainerCannotRun"):
        # A later state tells of the back-off alone.
        told = runtime_words(str(ended.get("message") or message or reason))
        yield Trouble(Kind.CANNOT_START, f"{called} cannot be started: {told}", **about)
    elif goes_first and not ended.get("exitCode"):
        return
    elif ended and not state.get("ready"):
        which = "current" if now.get("terminated") else "previous"
        killing = probe_that_killed(events, str(container["name"]))
        words = f"{called} has ended {_times(ends)} {ending(ended, container)}{killing}"
        looping = Kind.INIT_CONTAINER if goes_first else Kind.CRASH
        yield Trouble(looping if ends >= CRASHES else Kind.PROBE, words, log_is_of=which, **about)
    elif not goes_first and "running" in now and not state.get("ready"):
        yield _not_ready(container, state, called, events, about)


def _not_ready(container: Json, state: Json, called: str, events: Sequence[Json], about: dict[str, str]) -> Trouble:
    which = "startup" if container.get("startupProbe") and not state.get("started") else "readiness"
    probe = container.get(f"{which}Probe") or {}
    words = probe_words(events, which.capitalize(), str(container["name"]))
    sentence = f"{called} runs but is not ready: {words or 'it has not passed its ' + which + ' probe'}"
    return Trouble(Kind.PROBE, sentence, log_is_of="current", asks=_address(container, probe), **about)


def _address(container: Json, probe: Json) -> str:
    http = probe.get("httpGet")
    if not http:
        return ""
    port = http.get("port")
    for each in container.get("ports") or ():
        if each.get("name") == port:
            port = each.get("containerPort")
    scheme = "https:" if http.get("scheme") == "HTTPS" else ""
    return f"{scheme}{port}{http.get('path') or '/'}"


def _of_start(pod: Json, events: Sequence[Json], about: dict[str, str]) -> Iterator[Trouble]:
    """What keeps containers from being made is told in events alone."""
    for event in reversed(events):
        reason, message = event.get("reason"), tidy(str(event.get("message") or ""))
        if reason in ("FailedMount", "FailedAttachVolume", "FailedMapVolume"):
            yield Trouble(Kind.VOLUME, f"a volume of pod {name(pod)} cannot be mounted: {message}", **about)
        elif reason in ("FailedCreatePodSandBox", "FailedPodSandBoxStatus"):
            yield Trouble(Kind.SANDBOX, f"the node cannot make room for pod {name(pod)}: {message}", **about)
        else:
            continue
        return


def pod_state(pod: Json) -> str:
    """Say in a word or two how a pod does, as kubectl does in its column STATUS."""
    if "deletionTimestamp" in (pod.get("metadata") or {}):
        return "Terminating"
    if is_ready(pod):
        return "Ready"
    placed = condition(pod, "PodScheduled")
    if placed is not None and placed.get("status") == "False":
        return str(placed.get("reason") or "Unschedulable")
    for container, state, goes_first in containers(pod):
        now = state.get("state") or {}
        prefix = f"Init:{container['name']}:" if goes_first else ""
        reason = (now.get("waiting") or {}).get("reason")
        if reason and reason not in ("PodInitializing", "ContainerCreating"):
            return f"{prefix}{reason}"
        ended = now.get("terminated")
        if ended and not (goes_first and not ended.get("exitCode")):
            return f"{prefix}{ended.get('reason') or 'Ended'}"
        if goes_first and "running" in now:
            return f"{prefix}Running"
    phase = str(status(pod).get("phase") or "Pending")
    if phase == "Running":
        return "NotReady"
    if phase == "Pending" and spec(pod).get("nodeName"):
        return "ContainerCreating"
    return phase


def scheduler_words(placed: Json) -> str:
    """Less what preemption thought of it, which repeats the nodes once more."""
    message = str(placed.get("message") or placed.get("reason") or "the scheduler says no more")
    return tidy(re.split(r"\s*preemption:", message)[0])


def registry_words(message: str, events: Sequence[Json], image: str) -> str:
    """Find what the registry said: in the state, or where that only tells of the back-off, in an event."""
    told = [
        message,
        *(str(event.get("message") or "") for event in reversed(events) if event.get("reason") == "Failed"),
    ]
    for words in told:
        words = words.rsplit("desc = ", 1)[-1] if "desc = " in words else words
        words = re.sub(r'^Back-off pulling image "[^"]*"(: )?', "", words)
        words = re.sub(r"^(ErrImagePull|Error): ?(ErrImagePull|ImagePullBackOff)?(: )?", "", words)
        words = words.replace(f'failed to pull and unpack image "{image}": ', "")
        if words:
            return tidy(words)
    return "the registry's words are not known"


def runtime_words(message: str) -> str:
    """Give the last of the layers that each put their own words before those of the one below."""
    words = message.rsplit("unable to start container process: ", 1)[-1]
    return tidy(words.removesuffix(": unknown"))


def ending(ended: Json, container: Json) -> str:
    """Say how a run of a container ended."""
    code, reason = ended.get("exitCode"), ended.get("reason")
    if reason == "OOMKilled":
        limit = ((container.get("resources") or {}).get("limits") or {}).get("memory")
        return f"killed for its memory (OOMKilled{f', its limit is {limit}' if limit else ''})"
    message = ended.get("message")
    words = f"with exit code {code}" if code is not None else "without an exit code"
    if ended.get("signal") or (isinstance(code, int) and code > 128):
        words += f" (signal {ended.get('signal') or int(code or 0) - 128})"
    return words + (f" and the message {tidy(str(message))!r}" if message else "")


def probe_that_killed(events: Sequence[Json], container: str) -> str:
    """Say that the kubelet ended the container, and why, where it did."""
    for event in reversed(events):
        message = str(event.get("message") or "")
        found = re.search(r"failed (startup|liveness) probe", message)
        if event.get("reason") == "Killing" and found and f"Container {container} " in message:
            which = found[1]
            words = probe_words(events, which.capitalize(), container)
            return f", killed since it failed its {which} probe" + (f" ({words})" if words else "")
    return ""


def probe_words(events: Sequence[Json], which: str, container: str) -> str:
    """Give the newest words of the kubelet on a probe of this container."""
    for event in reversed(events):
        message = str(event.get("message") or "")
        field = str((event.get("involvedObject") or {}).get("fieldPath") or "")
        if event.get("reason") == "Unhealthy" and message.startswith(which) and field.endswith(f"{{{container}}}"):
            return tidy(message[0].lower() + message[1:])
    return ""


def tidy(words: str) -> str:
    """One line, no full stop at its end, and short enough to be read."""
    one_line = " ".join(words.split()).rstrip(".,; ")
    return one_line if len(one_line) <= 500 else f"{one_line[:300]} ... {one_line[-190:]}"


def _times(ends: int) -> str:
    return "once," if ends == 1 else f"{ends} times, last"
