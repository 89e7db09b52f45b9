"""Programs for Node.js with packages from the npm registry, installed once per session."""

import shutil
import subprocess

import pytest

INSTALL = ("npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts")


def installed(folder, tmp_path_factory):
    """Return a copy of a folder with the packages that its package.json names."""
    if shutil.which("npm") is None:
        pytest.skip(f"Node.js with npm is not installed: {folder.name} is not run")
    copy = tmp_path_factory.mktemp(folder.name) / folder.name
    shutil.copytree(folder, copy)
    subprocess.run(INSTALL, cwd=copy, check=True, capture_output=True, timeout=180)
    return copy
