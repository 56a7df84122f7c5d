# wakeproxy's front:
#   docker build -t wakeproxy .
#   docker run --read-only --tmpfs /tmp -p 8080:8080 -v ./wakeproxy.yaml:/etc/wakeproxy/wakeproxy.yaml:ro wakeproxy
# The index of python:3.11.16-slim-trixie, for arm64 and amd64 alike.
FROM python:3.11.16-slim-trixie@sha256:9534e5a8e315485d4061ed659af0fd78a284c015f9b73661b41d6bab25604534 AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
# The compiler is the distribution's, as everything below it; nothing of it is taken along.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
COPY requirements/runtime.txt requirements/compile.txt requirements/
RUN python -m venv /opt/wakeproxy \
    && /opt/wakeproxy/bin/python -m pip install --require-hashes --requirement requirements/runtime.txt \
    && python -m venv /opt/compile \
    && /opt/compile/bin/python -m pip install --require-hashes --requirement requirements/compile.txt
COPY . .
# What every request goes through becomes machine code; what builds is not taken along.
RUN HATCH_BUILD_HOOK_ENABLE_MYPYC=1 /opt/compile/bin/python -m pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
    && /opt/wakeproxy/bin/python -m pip install --no-deps --no-index --find-links dist wakeproxy \
    && /opt/wakeproxy/bin/python -m pip uninstall --yes editables hatchling pathspec pluggy trove-classifiers setuptools pip

FROM python:3.11.16-slim-trixie@sha256:9534e5a8e315485d4061ed659af0fd78a284c015f9b73661b41d6bab25604534
LABEL org.opencontainers.image.title="wakeproxy" \
      org.opencontainers.image.description="Scale ECS and Fargate services to zero; wake them on the first request." \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /opt/wakeproxy /opt/wakeproxy
# Only a listener on loopback needs no token, so that the admin listener stays there and the health check asks within.
ENV PATH=/opt/wakeproxy/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp \
    WAKEPROXY__LISTEN=0.0.0.0:8080 WAKEPROXY__ADMIN__LISTEN=127.0.0.1:9901
WORKDIR /etc/wakeproxy
USER 65532:65532
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:9901/healthz', timeout=2)"]
ENTRYPOINT ["wakeproxy"]
CMD ["serve"]
