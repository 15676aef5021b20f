"""How long until a kernel can be used: a sealed one against an ordinary one, in one run.

    uv run python benchmarks/kernel_start.py [N]

Measured at the client: from the request to the end of the first cell, which imports torch,
torchvision and matplotlib; and until the kernel is shut down. The sealed kernel's first start, which
starts the fork server, is given apart.
"""

import asyncio
import statistics
import sys
import time

from jupyter_client.manager import AsyncKernelManager

CELL = "import torch, torchvision, matplotlib.pyplot"


async def start(name: str) -> tuple[float, float]:
    """Seconds until a kernel has run the cell, and until it is gone."""
    began = time.perf_counter()
    manager = AsyncKernelManager(kernel_name=name)
    await manager.start_kernel()
    client = manager.client()
    client.start_channels()
    await client.wait_for_ready(timeout=120)
    reply = await client.execute_interactive(CELL, timeout=120)
    assert reply["content"]["status"] == "ok", reply["content"]
    used = time.perf_counter()
    client.stop_channels()
    await manager.shutdown_kernel(now=True)
    return used - began, time.perf_counter() - began


async def starts(n: int) -> dict[str, list[tuple[float, float]]]:
    """Start `n` kernels of each kind, one after another, taking turns; see `start`."""
    first, _ = await start("mlp-sealed")
    await start("python3")
    times: dict[str, list[tuple[float, float]]] = {
        "the first sealed one": [(first, first)], "python3": [], "mlp-sealed": []
    }  # fmt: skip
    for _ in range(n):
        for name in ("python3", "mlp-sealed"):
            times[name].append(await start(name))
    return times


def measure(n: int) -> dict[str, list[float]]:
    """Seconds until each kernel could be used."""
    return {name: [used for used, _ in seen] for name, seen in asyncio.run(starts(n)).items()}


def main(n: int) -> None:
    found = asyncio.run(starts(n))
    for name, seen in found.items():
        used, gone = ([pair[i] for pair in seen] for i in (0, 1))
        print(
            f"{name:20}  usable after {statistics.median(used):.3f} s (median of {len(seen)}; "
            f"{min(used):.3f} to {max(used):.3f}), gone after {statistics.median(gone):.3f} s"
        )
    medians = {name: statistics.median(u for u, _ in seen) for name, seen in found.items()}
    print(f"ratio of the medians: {medians['python3'] / medians['mlp-sealed']:.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
