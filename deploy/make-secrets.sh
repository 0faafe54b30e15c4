#!/usr/bin/env bash
# Makes the keys and certificates of a deployment in a folder (one that is there is taken as it is), and from it Secrets.
#   deploy/make-secrets.sh NAMESPACE FOLDER
# Keep the folder safe: without the master key no personal field can ever be read again.
set -euo pipefail
cd "$(dirname "$0")/.."
namespace=$1 folder=$2 release=${RELEASE:-sanwang}
names=$release,$release.$namespace,$release.$namespace.svc,localhost
for service in services/*/; do names+=,$release-$(basename "$service"); done
npm run --silent cluster-secrets -- "$folder" --hosts "$names"

secret() { # NAME KEY=FILE ...
  local name=$1 from=()
  shift
  for pair; do from+=("--from-file=${pair%%=*}=$folder/${pair#*=}"); done
  kubectl -n "$namespace" create secret generic "$name" "${from[@]}" --dry-run=client -o yaml | kubectl -n "$namespace" apply -f -
}
secret sanwang-master-key master-key=master-key
secret sanwang-local-issuer issuer.json=issuer-key.json
secret sanwang-tls tls.crt=tls-cert.pem tls.key=tls-key.pem ca.crt=tls-ca.pem
keys=(services.json=service-keys.json)
for service in services/*/; do service=$(basename "$service") && keys+=("$service.json=service-$service.json"); done
secret sanwang-service-keys "${keys[@]}"
