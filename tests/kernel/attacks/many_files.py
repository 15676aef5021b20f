"""Files without end, all of them empty."""
# limits: {"files": 500}

count = 0
try:
    for count in range(1_000_000):
        open(f"/tmp/{count}", "x").close()
except OSError:
    pass
if count > 500:
    got.append(count)
