"""A checkpoint of a few kilobytes that unpacks to gigabytes."""
# limits: {"memory_bytes": 800000000}
# ends: memory

import io
import zipfile

buffer = io.BytesIO()
with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("model/data.pkl", b"x" * 100_000_000)
unpacked = []
while True:
    with zipfile.ZipFile(buffer) as archive:
        unpacked.append(archive.read("model/data.pkl"))
