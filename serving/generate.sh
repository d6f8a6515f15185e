#!/bin/sh
# Writes serving/NAME_pb2.py and its stub from serving/NAME.proto, for each there is.
#
#   generate.sh           write them
#   generate.sh --check   fail if they are not what the .proto files make
#
# The messages live in descriptor pools of their own: kserve and tritonclient
# each put another edition of the same protocol into the default pool, and two
# editions in one pool are refused at import.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-.venv/bin/python}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

for proto in serving/*.proto; do
    name=$(basename "$proto" .proto)
    "$python" -m grpc_tools.protoc --proto_path=. --python_out="$out" --pyi_out="$out" "$proto"
    sed -i.bak 's/_descriptor_pool\.Default()/_descriptor_pool.DescriptorPool()/' "$out/serving/${name}_pb2.py"
    for file in "${name}_pb2.py" "${name}_pb2.pyi"; do
        if [ "${1:-}" = --check ]; then
            cmp "$out/serving/$file" "serving/$file" || { echo "serving/$file is stale: run make generate" >&2; exit 1; }
        else
            cp "$out/serving/$file" "serving/$file"
        fi
    done
done
