"""What stops a command of the survey, in words for whoever typed it."""


class ExportError(ValueError):
    """A file that cannot be read as an export; the message says why, in Indonesian and English.

    ``value`` is what stood in the wrong place; it may be personal, so only the private report shows it.
    """

    def __init__(self, reason: str, value: str = "") -> None:
        super().__init__(reason)
        self.value = value


class StoreError(RuntimeError):
    """The private folder is not as the last command left it; the message says what to do."""
