# `make run` is all a user needs. Everything lives in .venv; engines are set up by `twindeck setup`.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help
.PHONY: help run setup check lint test test-host snapshots bench bench-curve bench-startup peers clean

BIN := .venv/bin
# Tests of the console wait as long as they work.
WORKERS := $(shell echo $$((2 * $$(nproc))))
ROOT := $(shell test "$$(id -u)" = 0 || echo sudo)
APT := $(ROOT) env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=180

# An environment whose Python is gone (moved checkout, upgraded host) is made anew.
ifneq ($(shell $(BIN)/python -c 'print(1)' 2>/dev/null),1)
$(shell rm -f .venv/.installed .venv/.installed-dev)
endif

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | column -t -s "$$(printf '\t')" 2>/dev/null \
	  || sed -n 's/^\([a-z-]*\):.*## /  \1: /p' $(MAKEFILE_LIST)

run: .venv/.installed ## install what is missing (asks once), then open the console
	@trap 'exit 130' INT
	$(in_groups)
	$${in_groups[@]} $(BIN)/twindeck doctor >/dev/null 2>&1 || $(BIN)/twindeck setup || test $$? -eq 1
	$(in_groups)
	exec $${in_groups[@]} $(BIN)/twindeck

setup: .venv/.installed ## install and start the engines, get the base image and the box
	@exec $(BIN)/twindeck setup

check: .venv/.installed-dev lint ## format, lint, types, imports, fast tests; needs no engine
	@exec $(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile -p tests.no_skips -m "not engine and not slow"

test: .venv/.installed-dev ## everything, on the real engines, which it sets up itself
	@missing=()
	command -v tmux >/dev/null || missing+=(tmux)
	command -v rsvg-convert >/dev/null || missing+=(librsvg2-bin)
	command -v podman >/dev/null || missing+=(podman)
	command -v busybox >/dev/null || missing+=(busybox-static)
	command -v sudo >/dev/null || missing+=(sudo)
	command -v rootlesskit >/dev/null || missing+=(rootlesskit)
	command -v newuidmap >/dev/null || missing+=(uidmap)
	if [ $${#missing[@]} -gt 0 ]; then
	  $(APT) update >/dev/null || true
	  $(APT) install --yes --no-install-recommends "$${missing[@]}" </dev/null >/dev/null
	fi
	$(MAKE) --no-print-directory check
	$(BIN)/python -m pytest -q -n $(WORKERS) -p tests.no_skips -m slow
	CI=true $(BIN)/twindeck setup || test $$? -eq 1
	$(in_groups)
	$${in_groups[@]} $(BIN)/twindeck doctor 2>&1 </dev/null | cat
	exec $${in_groups[@]} $(BIN)/python -m pytest -m engine -p tests.no_skips --durations=25 --durations-min=5

test-host: .venv/.installed-dev ## a user's first hour on a new Debian host, which it boots as a guest; not in `make test`
	@CI=true $(BIN)/twindeck setup || test $$? -eq 1
	$(in_groups)
	exec $${in_groups[@]} env KEEP="$(KEEP)" $(BIN)/python -m tests.host

lint: .venv/.installed-dev
	@$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

snapshots: .venv/.installed-dev ## accept how the screens look now
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile tests/ui --snapshot-update

bench: .venv/.installed-dev peers ## what watching 100 containers costs, beside every peer that can be had
	@exec $(BIN)/python -m bench

bench-curve: .venv/.installed-dev ## what it costs against the number of containers, up to 500
	@exec $(BIN)/python -m bench.curve

bench-startup: .venv/.installed-dev ## time from launch to the first frame and to the first complete rows
	@exec $(BIN)/python -m bench.startup

PEERS := dockviz docksurf dockerdt glances[containers]

# Not docker-tui: it does not declare what it imports, and so does not start.
peers: ## the peers that PyPI has, each in an environment of its own
	@for package in $(PEERS); do
	  folder=.venv-peers/$${package%%[*}
	  [ -e $$folder/.installed ] && continue
	  echo "installing $$package into $$folder"
	  python3 -m venv $$folder && $$folder/bin/pip install -qq --disable-pip-version-check "$$package" \
	    && touch $$folder/.installed || echo "$$package cannot be installed here: left out" >&2
	done

clean: ## remove the environment and caches, not the engines or what runs on them
	@rm -rf .venv .venv-peers .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .test-host

# Groups setup has just put the user in do not count in this session; sudo starts one where they do.
define in_groups
in_groups=()
me=$$(id -un)
if [ "$$(id -u)" != 0 ] && [ "$$(id -nG | tr ' ' '\n' | sort)" != "$$(id -nG "$$me" | tr ' ' '\n' | sort)" ]; then
  in_groups=(sudo -E -u "$$me" --)
fi
endef

.venv/.installed: pyproject.toml
	@$(make_venv)
	echo "installing twindeck into .venv"
	$(BIN)/python -m pip install -qq --disable-pip-version-check -e .
	touch $@

.venv/.installed-dev: pyproject.toml .venv/.installed
	@echo "installing the tools for tests into .venv"
	$(BIN)/python -m pip install -qq --disable-pip-version-check -e '.[dev]'
	touch $@

# The newest Python from 3.11 on that can make an environment; Debian's own is fetched if there is none.
define make_venv
find_python() {
  for name in python3.15 python3.14 python3.13 python3.12 python3.11 python3 /usr/bin/python3; do
    if "$$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$$name"
      return
    fi
  done
}
if ! $(BIN)/python -c 'import pip' 2>/dev/null; then
  python=$$(find_python)
  if [ -z "$$python" ] && command -v apt-get >/dev/null; then
    echo "no Python 3.11 or newer with venv: installing python3 and python3-venv"
    $(APT) update >/dev/null || true
    $(APT) install --yes --no-install-recommends python3 python3-venv </dev/null >/dev/null
    python=$$(find_python)
  fi
  if [ -z "$$python" ]; then
    echo "Python 3.11 or newer with venv is needed -> install python3 and python3-venv" >&2
    exit 1
  fi
  rm -rf .venv
  "$$python" -m venv .venv
fi
endef
