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


async def main(n: int) -> None:
    """Start `n` kernels of each kind, one after another, taking turns."""
    first, _ = await start("mlp-sealed")
    await start("python3")
    print(f"first sealed kernel, with the fork server: {first:.1f} s")
    times: dict[str, list[tuple[float, float]]] = {"python3": [], "mlp-sealed": []}
    for _ in range(n):
        for name, seen in times.items():
            seen.append(await start(name))
    medians = {}
    for name, seen in times.items():
        used, gone = ([pair[i] for pair in seen] for i in (0, 1))
        medians[name] = statistics.median(used)
        print(
            f"{name:10}  usable after {medians[name]:.3f} s (median of {n}; "
            f"{min(used):.3f} to {max(used):.3f}), gone after {statistics.median(gone):.3f} s"
        )
    print(f"ratio of the medians: {medians['python3'] / medians['mlp-sealed']:.1f}")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10))
