# The server's image: built with the compiler that Cargo.toml names, run without one, as nobody in particular.
#
#   docker build --tag osier .
#   docker run --rm osier --help
#
# docs/OPERATING.md, "In containers", has the rest; docker-compose.yml brings PostgreSQL.

FROM rust:1.95-bookworm AS build
WORKDIR /build

# The dependencies are a layer of their own: it is built again only when they change. rust-toolchain.toml stays out, for it
# would fetch another compiler than the image's.
COPY Cargo.toml Cargo.lock ./
RUN mkdir src \
    && touch src/lib.rs \
    && echo 'fn main() {}' > src/main.rs \
    && cargo build --release --locked --bin osier \
    && rm -r src

COPY schemas schemas
COPY migrations migrations
COPY demo demo
# Answers that the reference shows.
COPY docs/examples docs/examples
COPY src src
# What was just copied may be older than what was built from the empty files.
RUN touch src/lib.rs src/main.rs \
    && cargo build --release --locked --bin osier

FROM debian:bookworm-slim AS run
# A number, so that an orchestrator can see that it is not root. /data belongs to it, in a volume that is new too.
RUN groupadd --gid 10001 osier \
    && useradd --uid 10001 --gid osier --home-dir /data --no-create-home --shell /usr/sbin/nologin osier \
    && install --directory --owner=osier --group=osier --mode=0700 /data
COPY --from=build /build/target/release/osier /usr/local/bin/osier

USER 10001:10001
WORKDIR /data
VOLUME /data
# Within a container the loopback is the container's own: it must listen everywhere. As everywhere but on loopback, it does
# so only once there is a token.
ENV OSIER_ADDR=0.0.0.0:4200 \
    OSIER_DATA_DIR=/data
EXPOSE 4200
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=6s --start-period=60s --retries=3 CMD ["osier", "health"]
ENTRYPOINT ["osier"]
CMD ["serve"]
