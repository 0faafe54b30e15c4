#!/usr/bin/env bash
# Makes the Secrets of a cluster that nobody outside has to give: keys and certificates, in a folder and from there in the namespace.
#   deploy/make-secrets.sh trial|production NAMESPACE [FOLDER]
# What the folder already has stays as it is. Keep it safe: without the master key no personal field can ever be read again.
set -euo pipefail
cd "$(dirname "$0")/.."
profile=$1 namespace=$2 folder=${3:-.sanwang-secrets}
echo todo "$profile" "$namespace" "$folder"
