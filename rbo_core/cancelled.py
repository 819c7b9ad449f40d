"""How long work ends when it was asked to stop."""


class Cancelled(Exception):
    """The progress callback asked to stop. What was finished and stored before is kept."""
