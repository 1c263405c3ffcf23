# Sourced: makes the project's virtual environment, so that nothing is installed elsewhere.
# usage: venv EXTRAS     sets PYTHON to the environment's own interpreter

venv() {
  local extras=$1 stamp
  PYTHON="$ROOT/.venv/bin/python"
  if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "envsync needs Python 3.11 or later; python3 here is $(python3 --version)" >&2
    exit 2
  fi
  if ! [ -x "$PYTHON" ] || ! "$PYTHON" -m pip --version >/dev/null 2>&1; then
    if ! python3 -c 'import ensurepip' 2>/dev/null; then
      packages python3-venv
    fi
    python3 -m venv "$ROOT/.venv"
  fi
  stamp="$ROOT/.venv/.installed-$(sha256sum "$ROOT/pyproject.toml" | cut -c1-16)-${extras//[^a-z]/-}"
  if ! [ -e "$stamp" ]; then
    "$PYTHON" -m pip install --quiet --disable-pip-version-check --editable "$ROOT[$extras]"
    touch "$stamp"
  fi
}

# Installs Debian packages that are missing, where this user may; else says which and goes on.
packages() {
  local missing=() package sudo=()
  for package in "$@"; do
    dpkg-query --show --showformat='${Status}\n' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} = 0 ] && return
  if [ "$(id -u)" != 0 ]; then
    if sudo -n true 2>/dev/null; then
      sudo=(sudo)
    else
      echo "not root: these Debian packages are missing and would have to be installed first: ${missing[*]}" >&2
      return
    fi
  fi
  export DEBIAN_FRONTEND=noninteractive
  "${sudo[@]}" apt-get update -qq
  "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}
