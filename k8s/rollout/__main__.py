"""Put the parts together: `python -m k8s.rollout httproute/mnist --to green-ecluse --prometheus http://...`."""

import json
import sys
from collections.abc import Sequence
from contextlib import closing

from k8s.api_server import ApiServer, connect
from k8s.rollout import beside
from k8s.rollout.carrying import carry
from k8s.rollout.clock import Clock
from k8s.rollout.dry_run import rehearse
from k8s.rollout.mistake import Mistake, told_as_mistakes
from k8s.rollout.options import Options, parse_options
from k8s.rollout.outcome import Exit
from k8s.rollout.starting import prepare, prepare_to_abort
from k8s.rollout.writing import write


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments ask for, and give the exit status."""
    options = parse_options(arguments)
    try:
        with told_as_mistakes():
            api, namespace = connect(options.kubeconfig, options.context)
            with closing(api):
                return _done(api, options.namespace or namespace, options)
    except Mistake as mistake:
        _tell_of(mistake, options)
        return mistake.exit


def _done(api: ApiServer, namespace: str, options: Options) -> int:
    if options.mode == "roll out":
        return carry(prepare(api, namespace, options), options)
    if options.mode == "dry run":
        return rehearse(prepare(api, namespace, options), options)
    one = beside.known(api, namespace, options.target)
    if one is None:
        raise Mistake(f"no rollout of {options.target} is known in namespace {namespace}")
    clock = Clock()
    if options.mode == "status":
        return _say(beside.status_json(one) if options.json else "\n".join(beside.status_lines(one, clock.wall())))
    if options.mode == "approve":
        return _answer(*beside.approve(api, namespace, one, clock.wall()), options)
    if not one.is_open:
        raise Mistake(f"no rollout of {one.target} is under way; the last one ended: {one.state.reason}")
    answer = beside.ask_to_abort(api, namespace, one, clock, lambda sentence: _note(sentence, options))
    if answer is None:
        end = carry(prepare_to_abort(api, namespace, one), options, abort=f"{beside.who()} asked for it (--abort)")
        # Taken back is what was asked for.
        return Exit.PROMOTED if end in (Exit.ABORTED, Exit.INCONCLUSIVE) else end
    return _answer(*answer, options)


def _answer(end: Exit, sentence: str, options: Options) -> int:
    if end is not Exit.PROMOTED:
        raise Mistake(sentence, end)
    if options.json:
        return _say(json.dumps({"event": "ended", "exit": int(end), "sentence": sentence}))
    return Exit.PROMOTED if options.quiet else _say(sentence)


def _say(words: str) -> int:
    write(words, sys.stdout)
    return Exit.PROMOTED


def _note(sentence: str, options: Options) -> None:
    if not options.quiet and not options.json:
        _say(f"note: {sentence}")


def _tell_of(mistake: Mistake, options: Options) -> None:
    for line in str(mistake).splitlines():
        write(f"error: {line}", sys.stderr)
    if options.json:
        _say(json.dumps({"event": "ended", "exit": int(mistake.exit), "sentence": str(mistake)}))


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.stderr.write("interrupted before anything was begun\n")
        sys.exit(Exit.PAUSED)
