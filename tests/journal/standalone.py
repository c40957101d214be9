"""The verifier as an auditor has it: a file of its own, without the registry around it."""

import importlib.util
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "registry" / "journal" / "verify_journal.py"

spec = importlib.util.spec_from_file_location("verify_journal_standalone", SCRIPT)
verifier = importlib.util.module_from_spec(spec)
spec.loader.exec_module(verifier)
