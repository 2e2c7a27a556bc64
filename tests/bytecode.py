"""Keep the bytecode of the desk, whatever PYTHONDONTWRITEBYTECODE says.

The tests start about 150 processes, and each would compile all of the desk anew: a third of a second.
A pytest plugin, loaded by `-p tests.bytecode` before anything of the desk.
"""

from __future__ import annotations

import os
import sys

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
