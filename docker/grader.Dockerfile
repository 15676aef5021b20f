# The grader, for a processor, as an ordinary user:
#   docker build -f docker/grader.Dockerfile -t mlp-grader .
#   docker run --rm -v "$PWD:/course" --user "$(id -u):$(id -g)" mlp-grader grade 03
# Kernels are sealed off where the host lets a container make user namespaces; `doctor` says so. With
# Docker's default profile that takes --security-opt seccomp=unconfined --security-opt systempaths=unconfined.
FROM python:3.12-slim
RUN apt-get update && apt-get install -y --no-install-recommends bubblewrap && rm -rf /var/lib/apt/lists/* \
    && pip install --no-cache-dir uv && useradd --create-home grader
WORKDIR /opt/grader
COPY pyproject.toml README.md LICENSE ./
COPY autograder autograder
COPY helpers helpers
RUN uv pip install --system --no-cache --compile-bytecode --torch-backend=cpu . ./helpers
USER grader
ENV HOME=/home/grader
WORKDIR /course
ENTRYPOINT ["autograder"]
CMD ["doctor"]
