"""Resident memory of a process and its children, from /proc; nothing where the system has no /proc.

`ru_maxrss` is of no use here: over fork and exec a child inherits its parent's peak.
"""

from __future__ import annotations

from pathlib import Path

PROC = Path("/proc")
KB_PER_MB = 1024


def reset_peak() -> None:
    """Let the peak of this process start again from what it holds now, where the system can."""
    try:
        (PROC / "self" / "clear_refs").write_text("5")
    except OSError:
        return


def own_kb(field: str) -> int | None:
    """Return a line of this process's status in kB: `VmRSS` now, `VmHWM` at its peak."""
    try:
        status = (PROC / "self" / "status").read_text()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith(f"{field}:")), None)


def tree_kb(pid: int) -> int:
    """Return what a process and all its descendants hold now, shared pages counted in each; 0 if gone."""
    try:
        status = (PROC / str(pid) / "status").read_text()
        tasks = list((PROC / str(pid) / "task").iterdir())
        children = [child for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return 0
    own = next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")), 0)
    return own + sum(tree_kb(int(child)) for child in children)
