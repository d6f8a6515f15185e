"""How a change is performed, as the words of a command that no shell reads. Pure."""

from loadtests.profile.form import Change


def words_of(change: Change) -> list[str]:
    """Give the command as it is run, without a shell."""
    if change.helm:
        seconds = f"{int(change.most_seconds)}s"
        return [
            "helm",
            "upgrade",
            change.helm,
            *change.helm_arguments,
            "--reuse-values",
            "--wait",
            "--timeout",
            seconds,
        ]
    return list(change.command)
