FROM python:3.11-slim AS build
WORKDIR /src
COPY . .
RUN pip wheel --no-cache-dir --wheel-dir /wheels .

FROM python:3.11-slim
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index --find-links /wheels gaitwire \
    && useradd --create-home gaitwire \
    && install -d -o gaitwire -g gaitwire /var/lib/gaitwire /provisioning
USER gaitwire
ENTRYPOINT ["gaitwire"]
