#!/bin/sh
# Writes serving/oip_pb2.py and its stub from serving/oip.proto.
#
#   generate.sh           write them
#   generate.sh --check   fail if they are not what oip.proto makes
#
# The messages live in a descriptor pool of their own: kserve and tritonclient
# each put another edition of the same protocol into the default pool, and two
# editions in one pool are refused at import.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-.venv/bin/python}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

"$python" -m grpc_tools.protoc --proto_path=. --python_out="$out" --pyi_out="$out" serving/oip.proto
sed -i.bak 's/_descriptor_pool\.Default()/_descriptor_pool.DescriptorPool()/' "$out/serving/oip_pb2.py"

for file in oip_pb2.py oip_pb2.pyi; do
    if [ "${1:-}" = --check ]; then
        cmp "$out/serving/$file" "serving/$file" || { echo "serving/$file is stale: run make generate" >&2; exit 1; }
    else
        cp "$out/serving/$file" "serving/$file"
    fi
done
