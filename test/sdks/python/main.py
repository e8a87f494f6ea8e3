"""Every case of the Python SDK against the server that tools/sdks.ts names in the environment."""

import async_client  # noqa: F401
import batches  # noqa: F401
import indexes  # noqa: F401
import ranges  # noqa: F401
import rows  # noqa: F401
import signatures  # noqa: F401
import tables  # noqa: F401
import transactions  # noqa: F401
from harness import run_all
from not_yet import run_not_yet

run_all()
run_not_yet()
