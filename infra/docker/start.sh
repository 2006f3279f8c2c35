#!/bin/sh
# start.sh <service>: runs a service of the shop, `provision`, the job that prepares broker and databases, or
# `prepare-logs`, the one that prepares Elasticsearch and Kibana.
set -eu
name=${1:-}
case $name in
  provision) main=infra/provision/src/provision.ts ;;
  prepare-logs) main=infra/observability/src/prepare-logs.ts ;;
  email-worker) main=services/email/src/worker/main.ts ;;
  *)
    main=services/$name/src/main.ts
    [ -f "$main" ] || main=infra/stand-ins/$name/src/main.ts
    ;;
esac
if [ -z "$name" ] || [ ! -f "$main" ]; then
  echo "there is no service '$name'; there are: provision prepare-logs email-worker $(ls services infra/stand-ins | tr '\n' ' ')" >&2
  exit 64
fi
# The options of infra/launcher/src/service-process.ts, which compose.spec.ts compares.
export MALLOC_MMAP_THRESHOLD_=4194304
exec node --v8-pool-size=1 --disable-warning=ExperimentalWarning --max-semi-space-size=16 --max-old-space-size=256 --expose-gc "$main"
