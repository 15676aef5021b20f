"""Take memory in small pieces."""
# limits: {"memory_bytes": 800000000}
# ends: memory

pieces = []
while True:
    pieces.append(bytearray(b"x") * 1_000_000)
