"""What is raised where a profile cannot be used."""


class BadProfile(Exception):
    """A sentence a line says why."""
