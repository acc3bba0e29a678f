# The same app as `make run`. Nothing is fetched when it runs.
#   docker build -t loopscope . && docker run --rm -p 8000:8000 loopscope
FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements.txt ./
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY templates templates
COPY static static
RUN /venv/bin/pip install --no-cache-dir --no-deps .

FROM python:3.13-slim
COPY --from=build /venv /venv
RUN useradd --system --create-home --uid 10001 loopscope && install -d -o loopscope /data
USER loopscope
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=3s --start-period=5s CMD ["loopscope", "health", "--port", "8000"]
CMD ["loopscope", "serve", "--host", "0.0.0.0", "--port", "8000", "--data", "/data"]
