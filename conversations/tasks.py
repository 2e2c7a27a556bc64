"""An index: the jobs and the kinds of mails and push messages of every room are found through this module, and nothing else is in it."""

from importlib import import_module
from pathlib import Path

import conversations.maintenance  # noqa: F401 (registers its tasks)

_HERE = Path(__file__).parent

for _path in sorted([*_HERE.glob("*/**/tasks.py"), *_HERE.glob("*/**/mails.py"), *_HERE.glob("*/**/pushes.py")]):
    import_module(".".join((__package__, *_path.relative_to(_HERE).with_suffix("").parts)))
