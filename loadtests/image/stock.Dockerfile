# The rival of `make bench-image`: stock KServe and TensorFlow, made the way serving/Dockerfile is made.
#
# The same base, a virtual environment from the same index with the same versions, the same model, bytecode compiled
# by pip; the server is the custom predictor of KServe's documentation. Nothing is taken out, as nobody does.

ARG PYTHON_IMAGE=python:3.11-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b

FROM ${PYTHON_IMAGE} AS python

FROM python AS dependencies
RUN python -m venv --without-pip /venv
COPY requirements/serving.lock /serving.lock
RUN --mount=type=cache,target=/root/.cache/pip \
    --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    --mount=type=secret,id=certificates,target=/run/certificates.pem \
    if [ -s /run/certificates.pem ]; then export PIP_CERT=/run/certificates.pem; fi \
    && sed -n 's/^\(tensorflow-cpu\|kserve\)\(==[^ ]*\) .*/\1\2/p' /serving.lock >/wanted \
    && sed -n 's/^\([^ ]*==[^ ]*\) .*/\1/p' /serving.lock >/versions \
    && python -m pip --python /venv/bin/python install --disable-pip-version-check --root-user-action=ignore \
        --only-binary=:all: --requirement /wanted --constraint /versions

FROM python AS stock
RUN useradd --uid 65532 --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin stock
COPY --from=dependencies /venv /venv
COPY loadtests/__init__.py /app/loadtests/
COPY loadtests/bench/__init__.py loadtests/bench/model_folder.py loadtests/bench/stock_kserve.py /app/loadtests/bench/
ARG MODEL=models/mnist/1
COPY ${MODEL} /mnt/models/1
ENV PATH=/venv/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONUNBUFFERED=1
WORKDIR /app
USER 65532:65532
ENTRYPOINT ["python", "-m", "loadtests.bench.stock_kserve", "--model_dir", "/mnt/models", "--model_name", "mnist"]
