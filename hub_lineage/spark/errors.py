"""What went wrong, in one line."""


class SparkError(Exception):
    """One line that says what is wrong and what to do, and the exit code."""

    def __init__(self, message: str, exit_code: int = 1):
        super().__init__(" ".join(message.split()))
        self.exit_code = exit_code
