"""Build the virtual machine's kernel and file system, once; cached outside the checkout.

Debian's packages are only unpacked, never set up: what their scripts would do and is needed here
(users, the index of the kernel's modules) is done by hand, and the whole takes a minute. One
uncompressed archive boots faster than a compressed one.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.services.bluez.archive import Archive
from tests.services.programs import find

RELEASE = "trixie"
"""Has BlueZ 5.82 and Linux 6.12; with the release before it bluetoothd crashes in some calls."""
PYTHON = "3.13"
PACKAGES = ("bluez", "dbus-daemon", "kmod", "libstdc++6", "linux-image-amd64", "python3")
MODULES = ("hci_vhci", "uhid", "algif_hash", "algif_skcipher", "cmac", "ccm")
LIBRARIES = ("bleak", "msgspec", "numpy", "structlog")
CONSTRAINTS = Path(__file__).parents[2] / "constraints.txt"
FORGET_AFTER_S = 4
"""When BlueZ forgets a device that was only heard; by default after 30 s."""
FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nmessagebus:x:100:100::/:/bin/false\n",
    "etc/group": "root:x:0:\nmessagebus:x:100:\nbluetooth:x:101:\n",
    "etc/machine-id": "0" * 31 + "1\n",
    "etc/bluetooth/main.conf": (
        f"[General]\nTemporaryTimeout = {FORGET_AFTER_S}\n[Policy]\nAutoEnable = true\n"
    ),
}
FOLDERS = ("proc", "sys", "dev", "run", "tmp", "var/lib/bluetooth")
TOOLS = {"qemu-system-x86_64": "qemu-system-x86", "mmdebstrap": "mmdebstrap"}
"""Programs that are needed, and their Debian packages."""
_LIBRARY = f"/usr/lib/python{PYTHON}"
_UNUSED = (
    "boot",
    "usr/lib/modules/",
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
    "usr/share/perl",
    "usr/lib/x86_64-linux-gnu/perl",
    "usr/lib/udev",
    "usr/share/info",
)


class BuildError(Exception):
    """The image cannot be built here; says what is missing or what failed."""


def folder() -> Path:
    """Return where the image lies once it is built; its recipe names it."""
    recipe = Path(__file__).read_bytes() + CONSTRAINTS.read_bytes()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "gaitwire" / f"bluez-{hashlib.sha256(recipe).hexdigest()[:12]}"


def ensure() -> Path:
    """Return the folder of ``kernel`` and ``root.cpio``, building them where they are missing."""
    missing = [package for program, package in TOOLS.items() if find(program) is None]
    if missing:
        raise BuildError(f"the real BlueZ needs the Debian packages {', '.join(missing)}")
    image = folder()
    if not image.exists():
        if os.geteuid() != 0:
            raise BuildError(
                "the image with the real BlueZ is not built yet, which needs root: run "
                "python -m tests.services.install as root once"
            )
        image.parent.mkdir(parents=True, exist_ok=True)
        _build(image)
    return image


def _build(image: Path) -> None:
    sys.stderr.write("building a virtual machine with the real BlueZ, once; about a minute\n")
    with tempfile.TemporaryDirectory(dir=image.parent) as temporary:
        root, made = Path(temporary) / "root", Path(temporary) / "made"
        made.mkdir()
        packages = ",".join(PACKAGES)
        _run("mmdebstrap", "--variant=extract", f"--include={packages}", RELEASE, root, _mirror())
        (kernel,) = (root / "boot").glob("vmlinuz-*")
        shutil.copy(kernel, made / "kernel")
        pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-compile")
        to = ("--target", root / "opt/python", "--python-version", PYTHON, "--only-binary=:all:")
        _run(*pip, *to, "--constraint", CONSTRAINTS, *LIBRARIES)
        # Emulated, it would take longer than all the rest of the boot.
        _run("chroot", root, "python3", "-m", "compileall", "-q", "/opt/python", _LIBRARY)
        _pack(root, _modules(root, kernel.name.removeprefix("vmlinuz-")), made / "root.cpio")
        made.replace(image)  # whole or not at all


def _mirror() -> str:
    """Return where this machine has Debian's packages from."""
    told = _run("apt-get", "indextargets", "--format", "$(LABEL) $(REPO_URI)")
    for line in told.splitlines():
        label, _, uri = line.rpartition(" ")
        if label == "Debian":
            return uri
    raise BuildError("the real BlueZ needs Debian's packages, and apt-get names no mirror of them")


def _modules(root: Path, version: str) -> set[str]:
    """Index the kernel's modules; return the paths of those that are needed, and of the index."""
    _run("chroot", root, "depmod", version)
    asked = [_run("chroot", root, "modprobe", "-S", version, "-D", name) for name in MODULES]
    lines = [line.split() for told in asked for line in told.splitlines()]
    needed = {f"usr{line[1]}" for line in lines if line[0] == "insmod"}
    base = f"usr/lib/modules/{version}"
    return needed | {f"{base}/{p.name}" for p in (root / base).glob("modules.*")}


def _pack(root: Path, modules: set[str], archive: Path) -> None:
    for name, content in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    with archive.open("wb") as out:
        packed = Archive(out)
        packed.add_tree(root, lambda path: not path.startswith(_UNUSED) and "/tests" not in path)
        packed.add_folders(FOLDERS)
        for module in sorted(modules):
            packed.add_file(module, (root / module).read_bytes())
        packed.close()


def _run(*command: str | Path) -> str:
    words = [str(part) for part in command]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"{' '.join(words[:4])} … failed:\n{done.stderr[-3000:]}")
    return done.stdout
