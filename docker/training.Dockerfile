# The program that trains the models: docker build -f docker/training.Dockerfile .
#
# It holds no data and no results: mount them, see docker-compose.yml. Of the base ../Dockerfile speaks.
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
RUN python -m venv --without-pip /opt/venv
COPY requirements/training.txt /tmp/requirements.txt
RUN python -m pip --python /opt/venv/bin/python install --no-compile \
        --no-deps --require-hashes --only-binary=:all: -r /tmp/requirements.txt
WORKDIR /srv/mien
COPY LICENSE NOTICE ./
COPY app app
COPY training training
COPY models models
RUN packages=$(/opt/venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))') \
    && /opt/venv/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash "$packages" app training \
    && chmod -R a+rX /opt/venv /srv/mien
# Imports all that a training needs, TensorFlow among it.
RUN /opt/venv/bin/python -B -c "from training.recipes import RECIPES; print('recipes:', *RECIPES)"

FROM ${BASE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="mien-training" \
      org.opencontainers.image.description="Trains the models of mien: face landmarks and head pose" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0"
# Compiled kernels of numba and fonts of matplotlib are kept where anybody may write.
ENV PATH=/opt/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp NUMBA_CACHE_DIR=/tmp/numba MPLCONFIGDIR=/tmp/matplotlib TF_CPP_MIN_LOG_LEVEL=2
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/mien /srv/mien
WORKDIR /srv/mien
USER 10001:10001
ENTRYPOINT ["python", "-m", "training"]
CMD ["--help"]
