# syntax=docker/dockerfile:1
# One image, several commands: lane, web, dispatcher, worker, beat, migrate (hub/process/processes.py is their table).

FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/roamhouse/venv
COPY requirements.txt /tmp/requirements.txt
RUN /opt/roamhouse/venv/bin/pip install --require-hashes --only-binary :all: --requirement /tmp/requirements.txt \
 && /opt/roamhouse/venv/bin/pip uninstall --yes pip setuptools \
 && python -m compileall -q /opt/roamhouse/venv
COPY manage.py /opt/roamhouse/app/
COPY hub_settings /opt/roamhouse/app/hub_settings
COPY roaming /opt/roamhouse/app/roaming
COPY settlement /opt/roamhouse/app/settlement
COPY hub /opt/roamhouse/app/hub
COPY templates /opt/roamhouse/app/templates
COPY docs/connecting /opt/roamhouse/app/docs/connecting
WORKDIR /opt/roamhouse/app
# Static files are a part of the image. These settings stand in for the operator's, which the image must not hold.
RUN DATABASE_URL=postgresql://build@/build REDIS_URL=redis://build HUB_PUBLIC_URL=https://build.invalid HUB_KEYS_FILE=/dev/null \
    SECRET_KEY=0123456789012345678901234567890123456789 \
    DJANGO_SETTINGS_MODULE=hub_settings.production /opt/roamhouse/venv/bin/python manage.py collectstatic --no-input --verbosity 0 \
 && python -m compileall -q .

FROM python:3.11-slim
RUN groupadd --system --gid 10001 roamhouse \
 && useradd --system --uid 10001 --gid roamhouse --no-create-home --home-dir /nonexistent roamhouse \
 && install -d -o roamhouse -g roamhouse /var/lib/roamhouse /var/lib/roamhouse/run
COPY --from=build /opt/roamhouse /opt/roamhouse
WORKDIR /opt/roamhouse/app
ENV PATH=/opt/roamhouse/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=hub_settings.production \
    HOST=0.0.0.0 \
    PORT=8000 \
    VAR_DIR=/var/lib/roamhouse
USER 10001:10001
VOLUME /var/lib/roamhouse
EXPOSE 8000
# For the lane, the default command. compose.yaml names the checks of the others.
HEALTHCHECK --interval=15s --timeout=4s --start-period=20s \
  CMD ["python", "-m", "hub.process", "check"]
ENTRYPOINT ["python", "-m", "hub.process"]
CMD ["lane"]
