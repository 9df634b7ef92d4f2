# The service on NVIDIA GPUs: docker build -f docker/gpu.Dockerfile .
#
# CUDA and cuDNN are Python packages here, of the versions that the lock file pins beside onnxruntime-gpu: the same small
# base as that of ../Dockerfile suffices, and the machine adds only its driver. What is said there holds here.
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS build
ARG VERSION=0.1.0
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
RUN python -m venv --without-pip /opt/venv
COPY requirements/serve-gpu.txt /tmp/requirements.txt
RUN python -m pip --python /opt/venv/bin/python install --no-compile \
        --no-deps --require-hashes --only-binary=:all: -r /tmp/requirements.txt
# Libraries of another CUDA would be noticed only on a machine with a GPU, and there as a slow service.
COPY docker/cuda_pairing.py /tmp/cuda_pairing.py
RUN /opt/venv/bin/python /tmp/cuda_pairing.py
WORKDIR /srv/mien
COPY LICENSE NOTICE ./
COPY app app
COPY models models
RUN packages=$(/opt/venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))') \
    && mkdir "$packages/mien-$VERSION.dist-info" \
    && printf 'Metadata-Version: 2.1\nName: mien\nVersion: %s\n' "$VERSION" > "$packages/mien-$VERSION.dist-info/METADATA" \
    && /opt/venv/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash "$packages" app \
    && chmod -R a+rX /opt/venv /srv/mien
# There is no GPU where images are built.
RUN MIEN_INFERENCE__DEVICE=cpu /opt/venv/bin/python -B -m app self-test

FROM ${BASE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="mien" \
      org.opencontainers.image.description="Face landmarks and head pose from images, over HTTP, on NVIDIA GPUs" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0" \
      mien.models.edition="research: not for commercial use, see models/*/card.json"
# Who takes this image wants a GPU: without one it ends with the reason instead of serving slowly.
ENV PATH=/opt/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 \
    NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility \
    MIEN_INFERENCE__DEVICE=cuda
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/mien /srv/mien
WORKDIR /srv/mien
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s --retries=3 CMD ["python", "-IS", "-c", "\
import http.client, os, sys; \
service = http.client.HTTPConnection('localhost', int(os.environ.get('MIEN_SERVER__PORT', 8000)), timeout=4); \
service.request('GET', '/readyz'); \
sys.exit(service.getresponse().status != 200)"]
ENTRYPOINT ["python", "-m", "app"]
CMD ["serve"]
