#!/usr/bin/env bash
# Proves the chart on a real Kubernetes: the testbed's (../shared/testbed/k8s: build.sh, images.sh, up.sh). Backing services run on
# the node, outside the cluster; KurrentDB is its protocol double.
#   deploy/verify.sh [embedded] [cluster]     both when none is named; SEED=N replays the killing of pods; KILL_SECONDS=300
set -euo pipefail
cd "$(dirname "$0")/.."
TESTBED=${TESTBED:-../shared/testbed}
K8S=${K8S:-${XDG_CACHE_HOME:-$HOME/.cache}/sanwang-testbed/k8s}
WORK=${WORK:-/tmp/sanwang-verify}
SEED=${SEED:-$(date +%s)} KILL_SECONDS=${KILL_SECONDS:-300}
NODE=10.245.0.1 KURRENTDB=23113 KAFKA=23092 MONGODB=23117
export KUBECONFIG=$K8S/cluster/admin.kubeconfig PATH=$K8S/bin:$PATH DOCKER_BUILDKIT=1
export SANWANG_LOCAL_ISSUER_FILE=$WORK/secrets/issuer-key.json
mkdir -p "$WORK"
begun=$SECONDS
say() { printf '[%4d s] %s\n' $((SECONDS - begun)) "$*"; }
die() { say "FAILED: $*"; exit 1; }
k() { kubectl -n sanwang "$@"; }
node() { node_modules/node/bin/node "$@"; }
sanwang() { node tools/cli/src/main.ts "$@"; }
# The CLI speaks gRPC: through a port forwarded to one pod of the gateway; by TLS in a cluster.
remote() { # COMMAND ARG ...
  local forward status=0 port tries=0
  : >"$WORK/forward"
  kubectl -n sanwang port-forward service/sanwang :8081 >"$WORK/forward" 2>&1 &
  forward=$!
  until grep -q Forwarding "$WORK/forward"; do
    tries=$((tries + 1))
    [ $tries -lt 100 ] || die "no port could be forwarded: $(cat "$WORK/forward")"
    sleep 0.2
  done
  port=$(sed -n 's/^Forwarding from 127.0.0.1:\([0-9]*\) .*/\1/p' "$WORK/forward")
  sanwang "$@" --target "$SCHEME://localhost:$port" ${CA:+--ca "$CA"} || status=$?
  kill $forward
  return $status
}
door() { echo "http://$(k get service sanwang -o jsonpath='{.spec.clusterIP}'):8080"; }
fresh() { # an empty namespace that takes only restricted pods
  kubectl delete namespace sanwang --ignore-not-found --wait >/dev/null
  kubectl apply -f deploy/namespace.yaml >/dev/null
}
all_ready() { # within a minute every pod of the release is ready
  k wait --for=condition=Ready pods -l app.kubernetes.io/instance=sanwang,app.kubernetes.io/component!=test,app.kubernetes.io/component!=prepare --timeout="${1:-60}s" >/dev/null
}
pods() {
  k get pods -l app.kubernetes.io/instance=sanwang -o json | node -e '
    const { items } = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
    for (const { metadata, spec, status } of items) {
      const [container] = status.containerStatuses ?? [];
      const ready = status.conditions?.find(({ type }) => type === "Ready");
      if (!container?.state.running) continue;
      const took = (Date.parse(ready.lastTransitionTime) - Date.parse(container.state.running.startedAt)) / 1000;
      console.log(`         ${metadata.name.padEnd(40)} ${spec.containers[0].image.padEnd(16)} ${ready.status === "True" ? `ready ${took} s after its start` : "not ready"}, ${container.restartCount} restarts`);
    }'
}
memory() { k top pods -l app.kubernetes.io/instance=sanwang --no-headers 2>/dev/null | awk '{ printf "         %-40s cpu %s, memory %s\n", $1, $2, $3 }'; }
test_token() {
  k create secret generic sanwang-test-token --from-literal=token="$(sanwang token --as admin --hours 6)" --dry-run=client -o yaml | k apply -f - >/dev/null
}
helm_test() {
  helm -n sanwang test sanwang --logs >"$WORK/test" 2>&1 || { cat "$WORK/test"; die "helm test"; }
  say "helm test: $(grep -o 'wrote and read back.*' "$WORK/test")"
}
load() { # SECONDS ARG ... : in the background; load_done shows its account
  node tools/load/src/main.ts --target "$(door)" --seconds "$@" >"$WORK/load" 2>"$WORK/load.err" &
  load_pid=$!
}
load_done() {
  wait "$load_pid" || { cat "$WORK/load" "$WORK/load.err"; die "$1"; }
  say "$1: $(cat "$WORK/load")"
}
replay() {
  say "replay of the sample through the gateway"
  remote replay --quiet --json "$WORK/$1.json" | tail -3
  [ -f "$WORK/sample.json" ] || SANWANG_DATA=$WORK/sample sanwang replay --quiet --json "$WORK/sample.json" >/dev/null
  node -e '
    const [a, b] = process.argv.slice(1).map((file) => JSON.parse(require("node:fs").readFileSync(file)).hashes);
    if (JSON.stringify(a) !== JSON.stringify(b)) { console.error(a, b); process.exit(1); }
  ' "$WORK/sample.json" "$WORK/$1.json" || die "the hashes differ from those of an embedded run on this machine"
  say "its hashes equal those of an embedded run on this machine"
}
images() {
  for version in 0.1.0 0.2.0; do
    /usr/bin/docker build -q -t sanwang:$version --label org.opencontainers.image.version=$version . >/dev/null
  done
  bash "$TESTBED/k8s/load.sh" sanwang:0.1.0 sanwang:0.2.0
  say "image: $(/usr/bin/docker image inspect -f '{{.Size}}' sanwang:0.1.0 | awk '{ printf "%.0f MB", $1 / 1e6 }'), of which Node $(stat -Lc %s node_modules/node/bin/node | awk '{ printf "%.0f MB", $1 / 1e6 }')"
}

embedded() {
  say "== embedded: one pod, one volume"
  SCHEME=grpc CA=
  fresh
  bash deploy/make-secrets.sh sanwang "$WORK/secrets" >/dev/null
  test_token
  local values=(-f charts/sanwang/profiles/embedded.yaml --set secrets.localIssuer=sanwang-local-issuer)
  helm -n sanwang upgrade --install sanwang charts/sanwang "${values[@]}" --wait --timeout 120s >/dev/null
  all_ready && say "installed from nothing, ready" && pods
  replay embedded
  helm_test
  load 40
  sleep 5
  helm -n sanwang upgrade sanwang charts/sanwang "${values[@]}" --set image.tag=0.2.0 --wait --timeout 120s >/dev/null
  helm -n sanwang rollback sanwang --wait --timeout 120s >/dev/null
  load_done "upgraded and rolled back under load (one pod: requests wait for it), nothing lost, nothing doubled"
  helm_test
  kubectl delete namespace sanwang --wait >/dev/null
}

backends_up() {
  ROOT=$WORK/kafka PORT=$KAFKA KAFKA_PROPS="listeners=PLAINTEXT://0.0.0.0:$KAFKA,CONTROLLER://127.0.0.1:$((KAFKA + 2))
advertised.listeners=PLAINTEXT://$NODE:$KAFKA" bash "$TESTBED/kafka/up.sh" >/dev/null
  ROOT=${MONGODB_ROOT:-${XDG_CACHE_HOME:-$HOME/.cache}/sanwang-testbed/mongodb} PORT=$MONGODB SERVER=${SERVER:-py} FLAGS='--host 0.0.0.0' bash "$TESTBED/mongodb/up.sh" >/dev/null
  if ! kill -0 "$(cat "$WORK/double.pid" 2>/dev/null)" 2>/dev/null; then
    setsid node_modules/node/bin/node libs/kurrentdb/src/double/main.ts --data "$WORK/double" --port $KURRENTDB --host $NODE >"$WORK/double.log" 2>&1 </dev/null &
    echo $! >"$WORK/double.pid"
  fi
  say "backing services on the node: Kafka, a MongoDB-compatible server, the KurrentDB double"
}
backends_down() {
  [ -f "$WORK/double.pid" ] && kill "$(cat "$WORK/double.pid")" 2>/dev/null
  ROOT=$WORK/kafka PORT=$KAFKA bash "$TESTBED/kafka/down.sh" --wipe >/dev/null
  ROOT=${MONGODB_ROOT:-${XDG_CACHE_HOME:-$HOME/.cache}/sanwang-testbed/mongodb} PORT=$MONGODB bash "$TESTBED/mongodb/down.sh" --wipe >/dev/null
  rm -rf "$WORK/double" "$WORK/double.pid"
}

# Every 5 to 12 seconds one pod of one service: deleted (it drains), deleted by force, or its process killed (-9).
kill_pods() { # SECONDS
  local end=$((SECONDS + $1)) services service list pod how id n=0
  RANDOM=$SEED
  mapfile -t services < <(ls services)
  while [ $SECONDS -lt $end ]; do
    service=${services[RANDOM % ${#services[@]}]}
    mapfile -t list < <(k get pods -l "app.kubernetes.io/component=$service" --field-selector=status.phase=Running -o name | sort)
    pod=${list[RANDOM % ${#list[@]}]} how=$((RANDOM % 3))
    case $how in
    0) k delete "$pod" --wait=false >/dev/null ;;
    1) k delete "$pod" --wait=false --force --grace-period=0 >/dev/null 2>&1 ;;
    2)
      id=$(k get "$pod" -o jsonpath='{.status.containerStatuses[0].containerID}')
      ctr -a "$K8S/cluster/run/containerd.sock" -n k8s.io tasks kill -s SIGKILL "${id#containerd://}" || true
      ;;
    esac
    n=$((n + 1))
    printf '%s %s\n' "$pod" "$how" >>"$WORK/killed"
    sleep $((5 + RANDOM % 8))
  done
  say "$n pods deleted, deleted by force or killed (seed $SEED)"
}

cluster() {
  say "== cluster: a Deployment per service, trial profile; KurrentDB is the double"
  SCHEME=grpcs CA=$WORK/secrets/tls-ca.pem
  backends_down 2>/dev/null || true
  backends_up
  fresh
  bash deploy/make-secrets.sh sanwang "$WORK/secrets" >/dev/null
  k create secret generic sanwang-connections --from-literal=kurrentdb="kurrentdb://$NODE:$KURRENTDB?tls=false" \
    --from-literal=kafka="kafka://$NODE:$KAFKA" --from-literal=mongodb="mongodb://$NODE:$MONGODB/sanwang?directConnection=true" >/dev/null
  test_token
  helm -n sanwang upgrade --install sanwang charts/sanwang -f deploy/testbed/values.yaml --wait --timeout 300s >"$WORK/install" 2>&1 || { cat "$WORK/install"; k get pods; die "install"; }
  all_ready && say "installed from nothing, all ready" && pods
  memory
  replay cluster
  helm_test

  load 90 --strict
  sleep 10
  helm -n sanwang upgrade sanwang charts/sanwang -f deploy/testbed/values.yaml --set image.tag=0.2.0 --wait --timeout 300s >/dev/null
  say "upgraded to 0.2.0"
  load_done "upgraded to the next image under load"
  pods
  load 90 --strict
  sleep 10
  helm -n sanwang rollback sanwang --wait --timeout 300s >/dev/null
  say "rolled back"
  load_done "rolled back under load"
  helm_test

  : >"$WORK/killed"
  load $((KILL_SECONDS + 20))
  sleep 10
  kill_pods "$KILL_SECONDS"
  load_done "pods killed at random, nothing lost, nothing doubled"
  all_ready 120 && pods
  remote verify >"$WORK/verify" || { cat "$WORK/verify"; die "verify"; }
  say "every model equals its rebuild from the log"
  helm_test
  memory
  kubectl delete namespace sanwang --wait >/dev/null
  backends_down
}

bash "$TESTBED/k8s/up.sh" >/dev/null
images
for phase in ${*:-embedded cluster}; do $phase; done
say "all proven"
