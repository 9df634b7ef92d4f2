# The service on CPUs; docs/container.md says how it is run. docker/gpu.Dockerfile is the same for NVIDIA GPUs.
#
# The base follows its tag, so that a new build has Debian's and Python's latest fixes; to build the very same image
# again, name it by digest: --build-arg BASE=python@sha256:... Everything else is pinned by hash.
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS build
ARG VERSION=0.1.0
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
# The environment has no pip of its own: that of the base installs into it, and stays out of the image.
RUN python -m venv --without-pip /opt/venv
COPY requirements/serve-cpu.txt /tmp/requirements.txt
RUN python -m pip --python /opt/venv/bin/python install --no-compile \
        --no-deps --require-hashes --only-binary=:all: -r /tmp/requirements.txt
WORKDIR /srv/mien
COPY LICENSE NOTICE ./
COPY app app
COPY models models
# Compiled here, since nothing can be written later; by content, since times of files do not survive every copy. Readable
# by everybody, whatever the checkout's modes. The metadata is what tells the service its own version.
RUN packages=$(/opt/venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))') \
    && mkdir "$packages/mien-$VERSION.dist-info" \
    && printf 'Metadata-Version: 2.1\nName: mien\nVersion: %s\n' "$VERSION" > "$packages/mien-$VERSION.dist-info/METADATA" \
    && /opt/venv/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash "$packages" app \
    && chmod -R a+rX /opt/venv /srv/mien
# Models, libraries and code belong together, or there is no image.
RUN /opt/venv/bin/python -B -m app self-test

FROM ${BASE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="mien" \
      org.opencontainers.image.description="Face landmarks and head pose from images, over HTTP" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0" \
      mien.models.edition="research: not for commercial use, see models/*/card.json"
ENV PATH=/opt/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/mien /srv/mien
WORKDIR /srv/mien
# A number, so that "not root" can be checked without looking into the image.
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["python", "-IS", "-c", "\
import http.client, os, sys; \
service = http.client.HTTPConnection('localhost', int(os.environ.get('MIEN_SERVER__PORT', 8000)), timeout=4); \
service.request('GET', '/readyz'); \
sys.exit(service.getresponse().status != 200)"]
ENTRYPOINT ["python", "-m", "app"]
CMD ["serve"]
