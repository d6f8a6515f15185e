"""Why a plan cannot be used."""


class BadPlan(Exception):
    """Its text holds a sentence a line, one for each mistake."""
