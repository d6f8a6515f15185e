#!/bin/sh
# Takes out of the virtual environment $1 what the server never uses, and compiles what it does.
#
# Run by the Dockerfile behind the installation, with pip and strip from outside the environment. Each part says
# why it may go. That the rest is whole is shown by the import at the end, and by the tests of the image.
set -eu
packages=$1/lib/python3.11/site-packages

# Declared by TensorFlow and KServe for building, and imported by neither.
tools="grpcio-tools libclang setuptools wheel"
# TensorFlow looks for Keras at each import and goes on without: it describes models and trains them, while a
# SavedModel is a graph that TensorFlow runs alone. It costs half a second of every start.
keras="keras h5py markdown-it-py mdurl namex optree pillow pygments rich"
# What the asynchronous edition of the Kubernetes client needs, which nothing here imports.
aio="aiohappyeyeballs aiohttp aiohttp-retry aiosignal frozenlist multidict propcache yarl"
# shellcheck disable=SC2086 # each name is a word of its own
python -m pip --python "$1/bin/python" uninstall --quiet --yes --root-user-action=ignore $tools $keras $aio

# For compiling against TensorFlow.
rm -rf "$packages/tensorflow/include"
# That edition, and the types of the Kubernetes API: only KServe's client of the control plane makes use of them.
rm -rf "$packages/kubernetes/aio"
find "$packages/kubernetes/client/api" "$packages/kubernetes/client/models" -name '*.py' ! -name __init__.py -delete
# Tests, and sources of what is compiled already.
find "$packages" -path "$packages/tensorflow" -prune -o -type d -name tests -print | xargs rm -rf
find "$packages" -type f \( -name '*.a' -o -name '*.c' -o -name '*.h' -o -name '*.pxd' -o -name '*.pyi' -o -name '*.pyx' \) -delete
# Names of functions, for debuggers; the dynamic linker reads another table. A quarter of TensorFlow's library.
find "$packages/tensorflow" -type f -name '*.so*' -exec strip --strip-unneeded {} +

# Bytecode that is never compared with its source stays right whatever a layer does to the files' times. Of
# TensorFlow only what is imported is compiled: the rest is as large again and read by nobody.
export PYTHONDONTWRITEBYTECODE=1
"$1/bin/python" -c '
import sys
import kserve, tensorflow
print(*(module.__file__ for module in sys.modules.values() if (getattr(module, "__file__", None) or "").endswith(".py")), sep="\n")
' >/tmp/imported
find "$packages" -path "$packages/tensorflow" -prune -o -name '*.py' -print >>/tmp/imported
python -m compileall -q -j 0 --invalidation-mode unchecked-hash -i /tmp/imported
