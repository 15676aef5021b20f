"""Memory for page tables: of a region of nothing, one empty page is read in every two megabytes."""
# limits: {"memory_bytes": 300000000}
# ends: memory

import mmap

STEP = 2 << 20
regions = []
for _ in range(16):
    region = mmap.mmap(-1, 64 << 30, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000, mmap.PROT_READ)
    regions.append(region)
    for place in range(0, len(region), STEP):
        region[place]
got.append("page tables")
