"""Commands on a real store, in this process and in processes of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner
from personae.config.cli import main

ROOT = Path(__file__).resolve().parents[2]
MASTER = "m" * 32


class Commands:
    """Runs commands on one database."""

    def __init__(self, url):
        self.environment = {"PERSONAE_DATABASE": url, "PERSONAE_MASTERKEY": MASTER}

    def __call__(self, *words, given=None, code=0, **environment):
        """Run a command in this process; return what it printed."""
        told = CliRunner().invoke(main, words, input=given, env=self.environment | environment)
        if told.exception and not isinstance(told.exception, SystemExit):
            raise told.exception
        assert told.exit_code == code, told.output
        return told

    def json(self, *words, **options):
        return json.loads(self(*words, "--json", **options).stdout)

    def process(self, *words, stderr=subprocess.PIPE):
        """Start a command as a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "personae.config.cli", *words],
            env={**os.environ, "PYTHONPATH": str(ROOT / ".types"), **self.environment},
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )


def progress(text):
    """Return the lines of JSON among what a command said."""
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]
