"""Open files without end."""
# limits: {"descriptors": 200}

held = []
try:
    while len(held) < 100_000:
        held.append(open("/dev/null"))
except OSError:
    pass
if len(held) > 200:
    got.append(len(held))
del held
