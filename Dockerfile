# syntax=docker/dockerfile:1

# Titan as one executable on an image that has nothing else: docs/hosting.md, "Containers".
FROM denoland/deno:2.9.6 AS build
WORKDIR /src
# What is fetched changes seldom: it is a layer of its own.
COPY deno.json deno.lock ./
RUN deno install --frozen
COPY . .
RUN deno task compile --compiled && ./titan --version
# Copied for its owner: a volume begins as what the image has there.
RUN mkdir /empty

# It has the C library that the executable needs, and no shell.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /src/titan /usr/local/bin/titan
COPY --from=build --chown=65532:65532 /empty /data
ENV TITAN_HOST=0.0.0.0 \
    TITAN_DATA_DIR=/data \
    TITAN_LISTENER=ws
EXPOSE 3000
VOLUME ["/data"]
WORKDIR /data
USER 65532:65532
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s --retries=3 \
  CMD ["/usr/local/bin/titan", "health"]
ENTRYPOINT ["/usr/local/bin/titan"]
CMD ["serve"]
