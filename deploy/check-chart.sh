#!/usr/bin/env bash
# The chart: every profile is rendered, checked against the schemas of Kubernetes and by kube-score, and compared with
# charts/sanwang/golden; wrong values are refused. `--update` writes the golden files anew.
# Needs helm, kubeconform, kube-score and the schemas: ../shared/testbed/k8s/tools.sh puts them below $TOOLS.
set -euo pipefail
cd "$(dirname "$0")/.."
TOOLS=${TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/sanwang-testbed/k8s}
export PATH=$TOOLS/bin:$PATH
[ -x "$TOOLS/bin/kube-score" ] && [ -d "$TOOLS/schemas" ] || ROOT=$TOOLS bash ../shared/testbed/k8s/tools.sh
chart=charts/sanwang work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# What kube-score asks for and we do not do, and why:
exceptions=(
  --ignore-test container-image-pull-policy # Always would make every restart depend on the registry; tags never move, `latest` is refused
  --ignore-test deployment-has-host-podantiaffinity # topologySpreadConstraints spread the pods over nodes and zones
  --ignore-container-cpu-limit # it would slow a pod down while the node has time to spare; the request is its share
)
score() { # FILE MIN_REPLICAS
  kube-score score --kubernetes-version v1.32 --exit-one-on-warning --output-format ci "${exceptions[@]}" \
    --min-replicas-deployment "$2" "$1" >"$work/score" || { grep -E '^\[(CRITICAL|WARNING)' "$work/score"; return 1; }
}

profile() { # NAME VALUES MIN_REPLICAS
  local name=$1 values=$2 out=$work/$1.yaml golden=$chart/golden/$1.yaml
  helm lint "$chart" -f "$values" --strict --quiet || return 1
  helm template sanwang "$chart" -n sanwang -f "$values" >"$out" || return 1
  kubeconform -strict -schema-location "$TOOLS/schemas/{{.ResourceKind}}{{.KindSuffix}}.json" "$out" || return 1
  score "$out" "$3" || return 1
  if [ "$update" = yes ]; then cp "$out" "$golden"; else
    diff -u "$golden" "$out" >"$work/diff" || { head -60 "$work/diff"; echo "$golden is not what the chart renders: deploy/check-chart.sh --update, and look at the difference"; return 1; }
  fi
  echo "ok   $name: $(grep -c '^kind:' "$out") objects"
}
update=no
[ "${1:-}" = --update ] && update=yes
while read -r name values replicas; do
  profile "$name" "$values" "$replicas" || { echo "FAIL $name"; failed=1; }
done <<PROFILES
embedded $chart/profiles/embedded.yaml 1
small $chart/profiles/small.yaml 1
production $chart/profiles/production.yaml 2
testbed deploy/testbed/values.yaml 2
PROFILES

refused() { # SENTENCE BASE ARG ... : these values are refused, and the refusal says this
  local sentence=$1 base=$2
  shift 2
  if helm template sanwang "$chart" -n sanwang -f "$base" "$@" >"$work/out" 2>&1; then
    echo "FAIL not refused: $*"; failed=1
  elif ! grep -qF -- "$sentence" "$work/out"; then
    echo "FAIL refused without saying '$sentence': $*"; sed 's/^/     /' "$work/out" | tail -5; failed=1
  else echo "ok   refused: $*"; fi
}
prod=$chart/profiles/production.yaml
refused "value must be one of 'cluster', 'embedded'" "$prod" --set mode=both
refused "additional properties 'replicas' not allowed" "$prod" --set replicas=3
refused "got string, want integer" "$prod" --set-string drainSeconds=ten
refused "/image/tag" "$prod" --set image.tag=latest
refused "minimum: got 0, want 1" "$prod" --set services.patrol.replicas=0
refused "there is no service patroll; there are " "$prod" --set services.patroll.replicas=2
refused "profile production needs an issuer outside" "$prod" --set issuer.name= --set issuer.jwksUrl=
refused "issuer.name and issuer.jwksUrl go together" "$prod" --set issuer.jwksUrl=
refused "one issuer is trusted, not two" "$prod" --set secrets.localIssuer=sanwang-local-issuer
refused "for profile=trial only" "$prod" --set backends.inCluster=true
refused "backends.kafka.to is empty" "$prod" --set-json 'backends.kafka.to=[]'
refused "a trial in cluster mode needs an issuer" deploy/testbed/values.yaml --set secrets.localIssuer=
exit $failed
