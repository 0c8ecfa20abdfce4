"""How do the pages get their style sheet and scripts? Sass and npm's govuk-frontend build them.

Writes assess/web/static/vendor/assess.css and govuk-frontend.min.js. Uses the node and npm of the
machine; where there are none, those of requirements/assets.txt, installed into this environment.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "assets"
TARGET = ROOT / "assess" / "web" / "static" / "vendor"
MODULES = ROOT / "node_modules"
FRONTEND = MODULES / "govuk-frontend" / "dist"
SCRIPT = FRONTEND / "govuk" / "govuk-frontend.min.js"
BIN = Path(sys.executable).parent
NODE = 18  # the oldest major version that the tools run on; Debian 12 has it


class CannotBuildError(Exception):
    """The assets cannot be built; the message says what to do."""


def run(command: list[str], env: dict[str, str]) -> None:
    """Run a program from the root of the project; show what it said only when it fails."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = f"{done.stdout}\n{done.stderr}".strip()[-3000:]
        raise CannotBuildError(f"{' '.join(command)} failed:\n{said}")


def usable(path: str) -> bool:
    """Whether node and npm stand on this PATH, with a node that is new enough."""
    node = shutil.which("node", path=path)
    if node is None or shutil.which("npm", path=path) is None:
        return False
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    major = version.stdout.strip().removeprefix("v").split(".")[0]
    return major.isdigit() and int(major) >= NODE


def with_node() -> dict[str, str]:
    """An environment whose PATH has node and npm; installs them when it must."""
    machine = os.environ.get("PATH", os.defpath)
    ours = f"{BIN}{os.pathsep}{machine}"
    for path in (machine, ours):
        if usable(path):
            return {**os.environ, "PATH": path}
    print("Installing node from the Python packages, as this machine has none")
    lock = str(ROOT / "requirements" / "assets.txt")
    hashed = ["--require-hashes", "-r", lock]
    pip = [sys.executable, "-m", "pip", "install", "-q", *hashed]
    uv = [str(BIN / "uv"), "pip", "install", "-q", "--python", sys.executable, *hashed]
    try:
        run(uv, dict(os.environ))
    except (CannotBuildError, FileNotFoundError):
        run(pip, dict(os.environ))
    if not usable(ours):
        raise CannotBuildError(f"The pages' assets need node {NODE} or later, with npm.")
    return {**os.environ, "PATH": ours}


def fetch(env: dict[str, str]) -> None:
    """Bring node_modules to what package-lock.json says, unless it is so already."""
    stamp = MODULES / ".package-lock.json"
    lock = ROOT / "package-lock.json"
    if stamp.exists() and stamp.stat().st_mtime >= lock.stat().st_mtime:
        return
    print("Fetching the front-end packages of package-lock.json")
    npm = shutil.which("npm", path=env["PATH"]) or "npm"
    run([npm, "ci", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund"], env)
    stamp.touch()


def compile_style(env: dict[str, str]) -> str:
    """The compressed style sheet. Raises CannotBuildError when it carries what is not ours."""
    node = shutil.which("node", path=env["PATH"]) or "node"
    out = TARGET / "assess.css"
    run(
        [
            node,
            str(MODULES / "sass" / "sass.js"),
            "--style=compressed",
            "--no-source-map",
            "--quiet-deps",
            "--fatal-deprecation=import",
            f"--load-path={FRONTEND}",
            str(SOURCE / "assess.scss"),
            str(out),
        ],
        env,
    )
    style = out.read_text(encoding="utf-8")
    for foreign in ("@font-face", "GDS Transport", "crest", "crown"):
        if foreign in style:
            raise CannotBuildError(f"assess.css holds {foreign!r}, which is not ours to ship.")
    return style


def main() -> int:
    """Build everything. The exit is 1, with what to do, when it cannot be built."""
    try:
        env = with_node()
        fetch(env)
        print("Building the style sheet")
        TARGET.mkdir(parents=True, exist_ok=True)
        compile_style(env)
        shutil.copyfile(SCRIPT, TARGET / SCRIPT.name)
    except CannotBuildError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
