# One image for every process of Care-Connect: edge, services, worker, migrations and operators' programs.

FROM node:24-slim AS front-end
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund
# What bin/setup does with Python: the files that package.json names go where pages look for them.
RUN node -e 'const {vendor} = require("./package.json").careconnect; const fs = require("node:fs"); \
    for (const [name, source] of Object.entries(vendor)) \
      fs.cpSync(`node_modules/${source}`, `vendor/${name}`, {recursive: true})'

FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
WORKDIR /app
COPY requirements requirements
RUN /opt/venv/bin/pip install --require-hashes -r requirements/runtime.txt
RUN /opt/venv/bin/pip install --require-hashes -r requirements/build.txt
COPY . .
COPY --from=front-end /app/vendor web/static/vendor
RUN /opt/venv/bin/pip install --no-deps --no-build-isolation --editable . \
    && /opt/venv/bin/python -m compileall -q -j 0 /app

FROM python:3.11-slim
ENV PATH=/opt/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
RUN groupadd --system --gid 10001 careconnect \
    && useradd --system --uid 10001 --gid careconnect --home-dir /var/lib/careconnect --create-home careconnect
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
WORKDIR /app
USER 10001:10001
ENTRYPOINT ["careconnect"]
CMD ["--help"]
