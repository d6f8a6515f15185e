"""What becomes of a state while nobody looks: the time from a kill to the next start is not spent.

Else a share that was to be effective in ten seconds would be given up because
its process was away for twelve.
"""

from dataclasses import replace

from k8s.rollout.machine.patience import is_gap
from k8s.rollout.machine.state import State
from k8s.rollout.machine.troubles import FLOWING


def taken_over(state: State, now: float) -> State:
    """Give the state to a process that goes on with it."""
    if not state.looked or (state.phase in FLOWING and is_gap(state, now)):
        # While requests flow, a long time without a look is to be noticed: evidence begins anew.
        return state
    return replace(state, looked=now)
