"""What the checking scripts share: outcomes, printed as they come."""


class Checks:
    """Prints outcomes as they come and remembers whether any failed."""

    def __init__(self):
        self.failures = 0

    def record(self, name, holds, detail=""):
        self.failures += not holds
        print(("ok      " if holds else "FAILED  ") + name + (f": {detail}" if detail else ""), flush=True)
