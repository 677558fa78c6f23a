"""Two Ray nodes on loopback in a process of their own; commands come on standard input.

`worker` kills a process that scores, `node` kills the second node; each is answered by a line. The
nodes end with this process.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import ray
from ray.cluster_utils import Cluster


def scoring() -> list[int]:
    """The processes of ours that are inside a task now."""
    found = []
    for status in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            name = status.read_bytes().split(b"\0")[0].decode()
            session = (status.parent / "environ").read_bytes()
        except OSError:
            continue
        ours = name.startswith("ray::") and ("_score_one" in name or "MapBatches" in name)
        if ours and f"STANCE_TEST={os.getpid()}".encode() in session:
            found.append(int(status.parent.name))
    return sorted(found)


def kill_worker() -> None:
    """SIGKILL the first process that is seen scoring."""
    deadline = time.monotonic() + 200
    while time.monotonic() < deadline:
        if pids := scoring():
            os.kill(pids[0], signal.SIGKILL)
            return
        time.sleep(0.01)
    raise TimeoutError("no process was scoring")


def add_node_to_lose(cluster: Cluster) -> Any:
    """A second node, while drivers are on the head.

    An older Ray gives a driver any node of its machine (ray-project/ray#8888), and a driver does
    not outlive its own node.
    """
    while True:
        node = cluster.add_node(num_cpus=1, object_store_memory=10**8)
        ray.init(cluster.address, log_to_driver=False, logging_level="ERROR")
        on_head = ray.get_runtime_context().get_node_id() == cluster.head_node.node_id
        ray.shutdown()
        if on_head:
            return node
        cluster.remove_node(node, allow_graceful=False)
        cluster.wait_for_nodes()  # or the next driver is given the dead one


def answer(line: str) -> None:
    """Write a line to whoever gave the command."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Serve until standard input ends."""
    os.environ.update(
        STANCE_TEST=str(os.getpid()),
        RAY_health_check_period_ms="500",
        RAY_health_check_failure_threshold="3",
    )
    cluster = Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": 1, "include_dashboard": False, "object_store_memory": 10**8},
    )
    second = add_node_to_lose(cluster)
    answer(cluster.address)
    for line in sys.stdin:
        command = line.strip()
        if command == "worker":
            kill_worker()
        elif command == "node":
            cluster.remove_node(second, allow_graceful=False)
        answer(f"{command} done")
    cluster.shutdown()


if __name__ == "__main__":
    main()
