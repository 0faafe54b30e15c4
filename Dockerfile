# One image for every service and for the embedded platform; the arguments choose what runs:
#   services/patrol/src/main.ts         one service of a cluster
#   tools/cli/src/main.ts start         the whole platform over one folder
# No build step: Node runs the sources. The last stage holds Node, its libraries and the workspace: no shell, no package manager.
ARG BASE=node:24-bookworm-slim

FROM ${BASE} AS manifests
COPY . /src
RUN mkdir /manifests && cd /src && find . -maxdepth 3 \( -name 'package.json' -o -name 'pnpm-*.yaml' -o -path './patches/*' \) -exec cp --parents {} /manifests \;

# An .npmrc for a registry of one's own comes as a build secret and stays out of the image: --secret id=npmrc,src=…
FROM ${BASE} AS install
ARG PNPM=12.21.0
WORKDIR /app
COPY --from=manifests /manifests ./
RUN --mount=type=cache,target=/store --mount=type=secret,id=npmrc,target=/root/.npmrc \
    CI=true npm exec --yes --package=pnpm@${PNPM} -- pnpm install --prod --frozen-lockfile --store-dir=/store --package-import-method=copy \
    --reporter=append-only --filter-prod './services/*...' --filter-prod '@sanwang/cli...'

# For live updates while developing: as below, with the base image's shell and tar.
FROM ${BASE} AS dev
WORKDIR /app
COPY --from=install /app ./
COPY --chown=10001:10001 . ./
ENV NODE_ENV=production NODE_COMPILE_CACHE=/app/.compile-cache SANWANG_HOST=0.0.0.0
# V8's compiled code of every module, kept by user id: made by the user that runs it.
RUN mkdir .compile-cache && chown 10001:10001 .compile-cache
USER 10001:10001
RUN node deploy/warm.ts
ENTRYPOINT ["node"]
CMD ["tools/cli/src/main.ts", "start"]

# Node, the libraries that it and the packages' native parts load, and a user.
FROM ${BASE} AS root
RUN --mount=type=bind,from=install,source=/app/node_modules,target=/packages mkdir -p /root-fs/usr/local/bin /root-fs/etc /root-fs/tmp && cp /usr/local/bin/node /root-fs/usr/local/bin/ \
    && ldd /usr/local/bin/node $(find /packages -name '*.node') | grep -o '=> /[^ ]*\|/lib64/ld[^ ]*' | sed 's/=> //' | sort -u \
    | xargs -I{} cp --parents -L {} /root-fs \
    && echo 'sanwang:x:10001:10001::/tmp:/sbin/nologin' > /root-fs/etc/passwd && echo 'sanwang:x:10001:' > /root-fs/etc/group \
    && chmod 1777 /root-fs/tmp

FROM scratch
COPY --from=root /root-fs /
WORKDIR /app
COPY --from=install /app ./
COPY . ./
COPY --from=dev /app/.compile-cache ./.compile-cache
ENV NODE_ENV=production NODE_COMPILE_CACHE=/app/.compile-cache SANWANG_HOST=0.0.0.0
USER 10001:10001
ENTRYPOINT ["node"]
CMD ["tools/cli/src/main.ts", "start"]
