"""What holds back cacao yield in Kutai Timur: the library behind the notebooks and the stages."""

import sys
from importlib.util import find_spec

if find_spec("pandas") is None:
    sys.exit(f"{sys.executable} lacks this project's packages: activate .venv first, or use make (see README.md)")
