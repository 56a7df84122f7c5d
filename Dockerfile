# wakeproxy's front:
#   docker build -t wakeproxy .
#   docker run --read-only --tmpfs /tmp -p 8080:8080 -v ./wakeproxy.yaml:/etc/wakeproxy/wakeproxy.yaml:ro wakeproxy
# The index of python:3.11.16-slim-trixie, for arm64 and amd64 alike.
FROM python:3.11.16-slim-trixie@sha256:9534e5a8e315485d4061ed659af0fd78a284c015f9b73661b41d6bab25604534 AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
COPY requirements/runtime.txt requirements/
RUN python -m venv /opt/wakeproxy \
    && /opt/wakeproxy/bin/python -m pip install --require-hashes --requirement requirements/runtime.txt
COPY . .
# What builds is not taken along.
RUN /opt/wakeproxy/bin/python -m pip install --no-deps --no-build-isolation . \
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
