# Every command that a person or CI runs; `make` alone lists them.
# A recipe longer than three lines is a script beside what it acts on.

MODEL_NAME ?= mnist
MODEL_DIR  ?= models/mnist
HTTP_PORT  ?= 8080
GRPC_PORT  ?= 8081
PROMETHEUS_PORT ?= 9090
ALERTMANAGER_PORT ?= 9093
NOTICES_PORT ?= 9095
RATE       ?= 20
FASTER     ?= 1
AFTER      ?= 120
REQUEST    ?= docs/examples/seven.json
PROFILE    ?= smoke
URL        ?= http://127.0.0.1:$(HTTP_PORT)
GRPC       ?= 127.0.0.1:$(GRPC_PORT)
BENCH      ?= --docs
FUZZ_SECONDS ?= 600
ROUNDS     ?= 20
CLUSTER_TESTS ?= tests/cluster
LISTS      ?= build/delivery/images.txt

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

bin := .venv/bin
python := $(bin)/python
pytest := $(bin)/pytest
with_coverage := --cov --cov-report=term

# Folders of the reference model that are finished versions: their names are numbers.
versions := $(shell find models/mnist -maxdepth 1 -name '[0-9]*' ! -name '*[!0-9]*' 2>/dev/null)
missing_model := $(if $(versions),,first-model)

# What .ci/skip.sh notes belongs to one run.
$(shell rm -f build/skipped)

# Targets without a sentence are steps of others.
.PHONY: help
help:
	@awk -f .ci/help.awk $(MAKEFILE_LIST)

## Set up

.PHONY: setup lock
setup: .venv/stamp ## install everything that this machine can run, into .venv

.venv/stamp: requirements/all.lock requirements/setup.lock
	@sh requirements/install.sh

lock: setup ## write requirements/*.lock from pyproject.toml (UPGRADE=1 takes newer versions)
	@sh requirements/lock.sh $(if $(UPGRADE),--upgrade)

## Serve

.PHONY: model first-model serve ask
model: setup ## train the reference model, export it and judge it (TRAIN="--network cnn")
	@$(python) -m model.train $(TRAIN)
	@$(python) -m model.evaluate models/mnist

first-model: setup
	@$(python) -m model.train

serve: setup $(if $(filter models/mnist models/mnist/,$(MODEL_DIR)),$(missing_model)) ## serve the newest model on this machine (MODEL_DIR= MODEL_NAME= HTTP_PORT= GRPC_PORT=)
	@$(python) -m serving.ask --invite --http_port $(HTTP_PORT) --model_name $(MODEL_NAME) & \
	exec $(python) -m serving --model_name $(MODEL_NAME) --model_dir "$(MODEL_DIR)" --http_port $(HTTP_PORT) --grpc_port $(GRPC_PORT)

.PHONY: monitor
monitor: setup $(if $(filter models/mnist models/mnist/,$(MODEL_DIR)),$(missing_model)) ## server, Prometheus, Alertmanager, callers and dashboards as pictures (INCIDENT=drift FASTER=30)
	@exec $(python) -m monitoring.laptop --model_name $(MODEL_NAME) --model_dir "$(MODEL_DIR)" --http_port $(HTTP_PORT) --grpc_port $(GRPC_PORT) \
	  --prometheus_port $(PROMETHEUS_PORT) --alertmanager_port $(ALERTMANAGER_PORT) --notices_port $(NOTICES_PORT) \
	  --rate $(RATE) --faster $(FASTER) --after $(AFTER) $(if $(INCIDENT),--incident $(INCIDENT))

.PHONY: try-compose
try-compose: setup ## the same in containers, with a real Grafana: started, asked for every panel, ended (ECLUSE_IMAGE=)
	@PYTHON=$(python) sh monitoring/compose/try.sh

ask: setup ## send a picture of a digit to the running server, and draw it (REQUEST=)
	@$(python) -m serving.ask --http_port $(HTTP_PORT) --model_name $(MODEL_NAME) --request "$(REQUEST)"

## Package

.PHONY: image try-image load-image
image: setup $(if $(filter serving loadtests rollout,$(TARGET)),,$(missing_model)) ## the images: the server without a model and with one, load tests, rollouts (IMAGE= VARIANT=gpu TARGET=demo BUILD="--no-cache")
	@sh serving/image.sh

try-image: ## run the demo as a cluster that trusts nobody would, and ask it (IMAGE=)
	@sh serving/try_image.sh

load-image: ## bring those images into the cluster (IMAGE= LOADTESTS_IMAGE= ROLLOUT_IMAGE= LOAD="kind load docker-image --name ecluse")
	@sh serving/load_image.sh

## Change

.PHONY: fmt generate
fmt: setup ## format, and mend what can be mended without a person
	@$(bin)/ruff format --quiet
	@$(bin)/ruff check --quiet --fix

generate: setup ## write every generated file anew
	@PYTHON=$(python) sh serving/generate.sh
	@$(python) -m monitoring.generate
	@$(python) -m monitoring.runbook_table
	@$(python) -m monitoring.metrics_page
	@$(python) -m loadtests.profile.page
	@$(python) -m k8s.rollout.gates_page
	@$(python) -m helm.generate
	@REWRITE_SNAPSHOTS=1 $(pytest) --quiet tests/contract/chart/test_snapshots.py
	@PYTHON=$(python) sh k8s/render.sh

## Check

.PHONY: check lint types borders workflows generate-check lock-check test-all test test-unit test-contract test-monitoring test-chaos test-rolling
check: lint types borders workflows generate-check lock-check test-all ## all that CI runs: every line below

# A cluster is for `make test-cluster`: here its tests are listed as not run. Nor is coverage counted, which doubles
# the time of tests and slows the servers whose times are looked at: `make test` has it.
test-all: setup
	@SKIPPED_STEPS=build/skipped env -u KUBECONFIG $(pytest)

lint: setup ## format and lint rules, of the Dockerfile too
	@$(bin)/ruff format --check
	@$(bin)/ruff check
	@sh serving/lint_image.sh

types: setup ## mypy --strict over everything
	@$(bin)/mypy .

borders: setup ## which folder and file may import what
	@$(bin)/lint-imports --no-logo

workflows: setup ## the GitHub workflows: actionlint, and zizmor for their security
	@sh .github/actionlint.sh
	@$(bin)/zizmor --quiet --no-progress --offline --persona=auditor --strict-collection .

generate-check: setup ## fail if a generated file is stale
	@PYTHON=$(python) sh serving/generate.sh --check
	@$(python) -m monitoring.generate --check
	@$(python) -m monitoring.runbook_table --check
	@$(python) -m monitoring.metrics_page --check
	@$(python) -m loadtests.profile.page --check
	@$(python) -m k8s.rollout.gates_page --check
	@$(python) -m helm.generate --check
	@PYTHON=$(python) sh k8s/render.sh --check

lock-check: setup ## fail if a lock does not follow from pyproject.toml
	@sh requirements/lock.sh --check

test: setup ## unit and contract tests, with branch coverage
	@$(pytest) $(with_coverage) tests/unit tests/contract

test-unit: setup ## rules of single files: no network, no framework, seconds
	@$(pytest) tests/unit

test-contract: setup ## promises between the parts, over real sockets
	@$(pytest) tests/contract

test-monitoring: setup ## rules, alerts and dashboards, over hours of history in a real Prometheus
	@$(pytest) tests/monitoring

test-chaos: setup ## faults while callers are waiting
	@$(pytest) tests/chaos

test-rolling: setup ## replace servers under load, 50,000 requests at least: none may be lost (ROUNDS=20)
	@$(python) -m tests.chaos.rolling --rounds $(ROUNDS)

.PHONY: test-cluster
test-cluster: setup ## the chart on the cluster that KUBECONFIG names (ECLUSE_IMAGE= CLUSTER_TESTS="tests/cluster -k restricted")
	@$(pytest) $(CLUSTER_TESTS)

.PHONY: test-rollout
test-rollout: setup ## gated rollouts there, of good and bad versions under load, through its gateway (QUICK=1 plays three)
	@$(pytest) tests/cluster/rollout $(if $(QUICK),-m quick)

.PHONY: chart cluster-up cluster-down
chart: setup ## the chart and the files of k8s/: lint, values, guards, snapshots, schemas
	@$(pytest) tests/contract/chart tests/contract/test_k8s_files.py

cluster-up: setup ## a Kubernetes in Docker with KServe, by kind (NODE_IMAGE= KSERVE_VERSION= PLATFORM=prometheus-stack)
	@sh k8s/cluster-up.sh

cluster-down: ## delete it
	@kind delete cluster --name ecluse

.PHONY: fuzz
fuzz: setup ## fuzz the decoders, all of them in FUZZ_SECONDS=600; exit 1 where a promise is broken
	@$(python) -m tests.fuzz --seconds $(FUZZ_SECONDS)

## Release and deploy

# What these ask for stands in variables, which their scripts tell of; none but the last ones needs what setup installs.
.PHONY: release-prepare release-check release-notes release-proven registry-login release-images release-index released-images
.PHONY: sbom sign sign-check release-tags release-chart release-push release-publish
release-prepare: setup ## put a new version into every place that names it, and generate what follows (VERSION=)
	@python3 -m delivery.version --write "$(VERSION)"
	@$(MAKE) generate

release-check: ## fail unless tag, chart, appVersion, server and changelog name one version (VERSION=)
	@python3 -m delivery.version "$(VERSION)"

release-notes: ## the text of a release, from the changelog and from what was published (VERSION=)
	@python3 -m delivery.notes "$(VERSION)" $(wildcard build/delivery/images.txt build/delivery/chart.txt)

release-proven: ## fail unless every check has passed on this commit on GitHub (COMMIT=)
	@sh delivery/proven.sh

registry-login: ## log in where images and chart are pushed (REGISTRY= REGISTRY_USER= REGISTRY_TOKEN=)
	@sh delivery/login.sh

release-images: ## build for this kind of machine, and push tagged by commit (REGISTRY= NAMES="serving loadtests")
	@sh delivery/images.sh push

release-index: ## one image of what several kinds of machine have pushed, and the list of digests (REGISTRY= NAMES= ARCHITECTURES=amd64)
	@sh delivery/images.sh join

released-images: ## the list of digests of a release, to deploy it (REGISTRY= VERSION= NAMES=)
	@sh delivery/images.sh find

sbom: ## what is in each image, as SPDX, by syft (ARCHITECTURES=amd64)
	@sh delivery/sbom.sh

sign: ## sign what is listed, attest who built it and what is in it, and check that, by cosign (LISTS= COSIGN_KEY=)
	@sh delivery/sign.sh $(LISTS)

sign-check: ## check the signatures alone, as before a deployment (LISTS= IDENTITY=)
	@sh delivery/sign.sh --check $(LISTS)

release-tags: ## give the signed images the version's tag (REGISTRY= VERSION=)
	@sh delivery/images.sh name

release-chart: ## pack the chart with the images of REGISTRY (REGISTRY= VERSION=)
	@sh delivery/chart.sh pack

release-push: ## push that as an OCI artefact (REGISTRY= VERSION=)
	@sh delivery/chart.sh push

release-publish: ## the release on GitHub, with notes, chart and bills of materials (VERSION=)
	@sh delivery/publish.sh

.PHONY: kubeconfig deploy deploy-ask deploy-test rollback notify lock-request
kubeconfig: ## write the way into a cluster from a variable (KUBECONFIG= KUBECONFIG_TEXT=)
	@sh delivery/kubeconfig.sh

deploy: setup ## bring the listed images to an environment, by rolling update or judged canary (ENVIRONMENT= PROMETHEUS=)
	@PYTHON=$(python) sh delivery/deploy.sh

deploy-ask: ## have GitHub deploy this commit (ENVIRONMENT=)
	@gh workflow run deploy.yml --ref "$(or $(REF),main)" --field environment="$(ENVIRONMENT)"

deploy-test: setup ## ask an environment after a deployment: the chart's test, and load from outside (ENVIRONMENT= URL= GRPC=)
	@PYTHON=$(python) sh delivery/deploy_test.sh

rollback: setup ## put back what an environment had before (ENVIRONMENT=)
	@PYTHON=$(python) sh delivery/rollback.sh

notify: ## tell a webhook how it ended (WEBHOOK_URL= OUTCOME=failure TEXT= ENVIRONMENT=)
	@python3 -m delivery.notify --outcome "$$OUTCOME" --environment "$${ENVIRONMENT:-}" --commit "$${COMMIT:-}" --run "$${RUN:-}" "$$TEXT"

lock-request: ## open a pull request with locks that another job wrote (PATCH=)
	@sh delivery/locks.sh "$(PATCH)"

## Measure and tidy

.PHONY: load load-gate load-cluster load-compose bench bench-image clean
load: setup ## put load on a running server, and judge it by the exit status (PROFILE=steady URL= GRPC= OUT= WITH="--set rate=100")
	@$(python) -m loadtests run --profile "$(PROFILE)" --url "$(URL)" --grpc "$(GRPC)" --model "$(MODEL_NAME)" $(if $(OUT),--out "$(OUT)") $(WITH)

load-gate: setup $(missing_model) ## serve the newest model and put load on it: what CI does with each change (PROFILE=smoke WITH= BASELINE=run.json)
	@PYTHON=$(python) sh loadtests/gate.sh

load-cluster: setup ## a load test of the chart's, on the cluster that KUBECONFIG names (PROFILE=steady WORKERS=2 RELEASE= NAMESPACE= WITH=)
	@sh loadtests/on_cluster.sh

load-compose: ## the same by containers, with the reference model beside them where no URL is given (PROFILE= URL= GRPC= WORKERS=2 WITH=)
	@MODEL="$(MODEL_NAME)" sh loadtests/compose.sh

bench: setup $(missing_model) ## measure this server against stock KServe, and write docs/benchmarks.md (BENCH=--quick)
	@$(python) -m loadtests.bench $(BENCH)

bench-image: setup $(missing_model) ## measure the image against one of stock KServe: sizes, and times to the first answer
	@TARGET=demo sh serving/image.sh
	@TARGET=rival sh serving/image.sh
	@$(python) -m loadtests.image $(BENCH_IMAGE)

clean: ## remove .venv, build/ and every cache; trained models stay
	@rm -rf .venv build .coverage* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
