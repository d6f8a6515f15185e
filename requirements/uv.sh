# Read by install.sh and lock.sh: `uv` is the locked one, and it goes where pip goes.
# Left alone, uv knows neither pip's settings nor the machine's certificate authorities,
# so that behind a mirror or a proxy pip would work and uv would not.
uv() {
    .venv/bin/uv "$@"
}

pip_setting() {
    .venv/bin/python -m pip config get "$1" 2>/dev/null || true
}

if [ -z "${UV_DEFAULT_INDEX:-}" ]; then
    UV_DEFAULT_INDEX=${PIP_INDEX_URL:-$(pip_setting global.index-url)}
    if [ -n "$UV_DEFAULT_INDEX" ]; then export UV_DEFAULT_INDEX; else unset UV_DEFAULT_INDEX; fi
fi

if [ -z "${SSL_CERT_FILE:-}" ]; then
    SSL_CERT_FILE=${PIP_CERT:-$(pip_setting global.cert)}
    if [ -n "$SSL_CERT_FILE" ]; then export SSL_CERT_FILE; else unset SSL_CERT_FILE; fi
fi

# Without a list of its own the machine leaves uv the one that uv brings.
for authorities in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem; do
    if [ -s "$authorities" ]; then export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-1}"; fi
done

# The largest package has 260 MB; a slow line is not a broken one.
export UV_HTTP_TIMEOUT="${UV_HTTP_TIMEOUT:-120}"
