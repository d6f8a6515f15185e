"""Every combination of values that would hurt, and the sentence that refuses it: a row a guard.

The names are those of the comments in the chart's templates. Long because it is
one table.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

KSERVE = "serving.kserve.io/v1beta1"
A_CLUSTER = "v1/Pod"
"""A kind, which `helm template` knows only where it is told: so the chart takes it for a real cluster."""


class Row(NamedTuple):
    """Values that a guard refuses, and what it says."""

    values: Mapping[str, Any]
    sentence: str
    apis: tuple[str, ...] = ()
    schema: bool = True


def source(kind: str, **more: Any) -> dict[str, Any]:
    return {"model": {"source": kind, **more}}


def hpa(**more: Any) -> dict[str, Any]:
    return {"autoscaling": {"type": "hpa", **more}}


def keda(**more: Any) -> dict[str, Any]:
    return {"autoscaling": {"type": "keda", **more}}


def gpu(**more: Any) -> dict[str, Any]:
    return {"image": {"variant": "gpu"}, "gpu": {"enabled": True, **more}}


def load(**more: Any) -> dict[str, Any]:
    return {"loadtest": {"enabled": True, **more}}


def rollout(**more: Any) -> dict[str, Any]:
    """One that a Job does, with all that it needs but for what a row changes."""
    given = {"target": "httproute/mnist", "prometheus": "http://prometheus:9090", "rbac": {"create": True}}
    return {"mode": "plain", "rollout": {**given, "job": {"enabled": True}, **more}}


ROWS = {
    "unknown mode": Row(
        {"mode": "knative"},
        "mode is knative: expected auto, kserve or plain.",
        schema=False,
    ),
    "no storageUri": Row(
        source("storageUri"),
        "model.source is storageUri, and model.storageUri is empty: expected an address that begins with pvc://, "
        "s3://, gs://, hdfs://, webhdfs://, hf://, http://, https:// or oci://.",
        apis=(KSERVE,),
    ),
    "storageUri of no known kind": Row(
        source("storageUri", storageUri="/models/mnist"),
        "model.storageUri is /models/mnist: expected an address that begins with pvc://, s3://, gs://, hdfs://, "
        "webhdfs://, hf://, http://, https:// or oci://.",
        apis=(KSERVE,),
    ),
    "storageUri in mode plain": Row(
        source("storageUri", storageUri="s3://bucket/mnist"),
        "model.storageUri is s3://bucket/mnist, and in mode plain nobody fetches it: name an image that does in "
        "model.fetcher.image, set mode to kserve, or mount a volume with pvc:// or model.source existingClaim.",
    ),
    "storageUri that nobody reads": Row(
        {"model": {"storageUri": "s3://bucket/mnist"}},
        "model.storageUri is s3://bucket/mnist, and nobody would fetch it: model.source is demo, and must be "
        "storageUri.",
    ),
    "no claim": Row(
        source("existingClaim"),
        "model.source is existingClaim, and model.existingClaim.name is empty: expected the name of a "
        "PersistentVolumeClaim.",
    ),
    "claim that nobody mounts": Row(
        {"model": {"existingClaim": {"name": "models"}}},
        "model.existingClaim.name is models, and nobody would mount it: model.source is demo, and must be "
        "existingClaim.",
    ),
    "drain longer than the grace period": Row(
        {"terminationGracePeriodSeconds": 30, "drain": {"lameDuckSeconds": 12.5}},
        "terminationGracePeriodSeconds is 30, and a pod may take 53 to end: drain.preStopSeconds 5 + "
        "drain.lameDuckSeconds 12.5 + drain.timeoutSeconds 30 + 5 to spare. Give it 53 or more, or shorten the "
        "drain; otherwise requests in flight are killed.",
    ),
    "no pod more and no pod less": Row(
        {"strategy": {"maxSurge": "0%"}},
        "strategy.maxSurge is 0%, and the profile availability takes no pod away before another is ready, so that "
        "no pod could ever be replaced: give it 1 or more, or set strategy.profile to resourceAware.",
    ),
    "one pod, and that one taken away first": Row(
        {"replicas": 1, "strategy": {"profile": "resourceAware"}},
        "strategy.profile is resourceAware, which takes a pod away before another is ready (maxUnavailable 1), and"
        " replicas is 1: nobody would answer meanwhile. Give it 2 or more, or set strategy.profile to "
        "availability, or to recreate where an outage is accepted.",
    ),
    "client certificates without TLS": Row(
        {"tls": {"clientCaSecretName": "callers", "clientSecretName": "prober"}},
        "tls.clientCaSecretName is callers, and tls.secretName is empty: callers can show certificates only over "
        "TLS. Name the Secret with the server's own.",
    ),
    "probes without a certificate": Row(
        {"tls": {"secretName": "server", "clientCaSecretName": "callers"}},
        "tls.clientCaSecretName has callers show a certificate, the kubelet's probes too: name a Secret with one that "
        "they can show in tls.clientSecretName, or no pod would become ready.",
    ),
    "admin without keys": Row(
        {"admin": {"enabled": True}},
        "admin.enabled is true, and admin.secretName is empty: whoever reaches a pod could load and unload models."
        " Name a Secret with the keys that this takes.",
    ),
    "metrics behind keys that there are not": Row(
        {"auth": {"metrics": True}},
        "auth.metrics is true, and auth.secretName is empty: there are no keys that /metrics could ask for. Name a"
        " Secret with them.",
    ),
    "ids signed with what callers show": Row(
        {"auth": {"secretName": "ecluse"}, "feedback": {"secretName": "ecluse"}},
        "feedback and auth both name the entry keys of Secret ecluse: sums of keys that callers show sign nothing. Give"
        " feedback an entry of its own, of lines as name:secret.",
    ),
    "node ports without a type that has them": Row(
        {"service": {"nodePorts": {"http": 30080}}},
        "service.nodePorts are given, and service.type is ClusterIP, which has none: set it to NodePort or "
        "LoadBalancer.",
    ),
    "default level above the levels": Row(
        {"priority": {"defaultLevel": 3, "levels": 2}},
        "priority.defaultLevel is 3, and priority.levels only 2.",
    ),
    "capture where nothing can be written": Row(
        {"capture": {"path": "/var/captured.jsonl"}},
        "capture.path is /var/captured.jsonl, where nothing can be written: the root of the file system is "
        "read-only. Mount a volume there with extraVolumes and extraVolumeMounts, or capture below /tmp.",
    ),
    "a label that pods are found by": Row(
        {"podLabels": {"app": "digits"}},
        "podLabels sets app, which pods are found by: budgets, policies and Services would lose them. Expected a label "
        "of your own.",
    ),
    "a setting as extra environment": Row(
        {"extraEnv": [{"name": "BATCH_MAX_ROWS", "value": "8"}]},
        "extraEnv sets BATCH_MAX_ROWS, which is the value batch.maxRows: set that instead.",
    ),
    "a decided setting as extra environment": Row(
        {"extraEnv": [{"name": "HTTP_PORT", "value": "80"}]},
        "extraEnv sets HTTP_PORT, which is the chart's to decide: a pod has its address to itself, so no port is "
        "ever taken.",
    ),
    "a name twice": Row(
        {"extraVolumes": [{"name": "tmp", "emptyDir": {}}]},
        "extraVolumes names the volume tmp, which is there already: give each once.",
    ),
    "API that the cluster does not have": Row(
        {"mode": "kserve"},
        "mode kserve needs serving.kserve.io/v1beta1, which this cluster does not have: install KServe, or take the "
        "value back.",
        apis=(A_CLUSTER,),
    ),
    "replicas beside an autoscaler": Row(
        {"replicas": 5, "autoscaling": {"type": "hpa"}},
        "replicas is 5, and autoscaling.type is hpa, which decides how many pods there are: give "
        "autoscaling.minReplicas and autoscaling.maxReplicas, and leave replicas as it is.",
    ),
    "two autoscalers": Row(
        {
            "autoscaling": {"type": "hpa"},
            "extraObjects": [{"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": {"name": "mine"}}],
        },
        "extraObjects hold a ScaledObject, and autoscaling.type is hpa: two autoscalers would fight over the same "
        "pods. Set autoscaling.type to none, or take the object out.",
    ),
    "fewest above most": Row(
        hpa(minReplicas=4, maxReplicas=3),
        "autoscaling.minReplicas is 4, more than autoscaling.maxReplicas, which is 3.",
    ),
    "part of a request that is not given": Row(
        {**hpa(cpuUtilization=50), "resources": {"requests": {"cpu": None}}},
        "autoscaling.cpuUtilization is 50 percent of resources.requests.cpu, which is not given.",
    ),
    "HPA that scales to zero": Row(
        hpa(minReplicas=0),
        "autoscaling.minReplicas is 0, and an HPA keeps at least 1 pod: give it 1 or more, or set autoscaling.type to "
        "keda, which may keep none.",
    ),
    "HPA with a rate of requests": Row(
        hpa(requestsPerSecond=100),
        "autoscaling.requestsPerSecond is for autoscaling.type keda: with hpa, give the metric in autoscaling.metrics.",
    ),
    "HPA with nothing to scale by": Row(
        hpa(cpuUtilization=0, queueRows=0),
        "autoscaling.type is hpa, but there is nothing to scale by: give cpuUtilization, queueRows or metrics.",
    ),
    "KEDA with nothing to scale by": Row(
        keda(cpuUtilization=0, queueRows=0),
        "autoscaling.type is keda, but there is nothing to scale by: give cpuUtilization, queueRows, "
        "requestsPerSecond or keda.triggers.",
    ),
    "KEDA without a Prometheus to ask": Row(
        keda(requestsPerSecond=100, keda={"serverAddress": ""}),
        "autoscaling.queueRows and requestsPerSecond need autoscaling.keda.serverAddress, the address of a Prometheus.",
    ),
    "KEDA that never starts again": Row(
        keda(minReplicas=0),
        "autoscaling.minReplicas is 0, but every metric is one of running pods: none would start again; give "
        "autoscaling.keda.triggers one that calls from outside.",
    ),
    "fallback beside CPU": Row(
        keda(cpuUtilization=50, keda={"fallback": {"failureThreshold": 3, "replicas": 4}}),
        "autoscaling.keda.fallback is given together with cpuUtilization, which KEDA refuses: expected cpuUtilization "
        "0.",
    ),
    "budget that needs every pod": Row(
        {"podDisruptionBudget": {"minAvailable": "70%"}},
        "podDisruptionBudget.minAvailable is 70% of 2 pods, which blocks every drain of a node: expected fewer, or "
        "maxUnavailable.",
    ),
    "budget that spares no pod": Row(
        {"podDisruptionBudget": {"maxUnavailable": 0}},
        "podDisruptionBudget.maxUnavailable is 0, which blocks every drain of a node: expected 1 or more, or enabled "
        "false.",
    ),
    "image for GPUs without a GPU": Row(
        {"image": {"variant": "gpu"}},
        "image.variant is gpu, but no GPU is asked for: set gpu.enabled, or image.variant cpu.",
    ),
    "GPU for an image that knows none": Row(
        {"gpu": {"enabled": True}},
        "gpu.enabled is set, but image.variant is cpu, whose TensorFlow cannot use a GPU: set image.variant gpu.",
    ),
    "GPU in the resources of an image that knows none": Row(
        {"resources": {"limits": {"nvidia.com/gpu": 1}}},
        "resources.limits asks for nvidia.com/gpu, but image.variant is cpu, whose TensorFlow cannot use a GPU: set "
        "image.variant gpu.",
    ),
    "preset without a GPU": Row(
        {"gpu": {"preset": "gke"}},
        "gpu.preset is gke, but no GPU is asked for: set gpu.enabled.",
    ),
    "claim without a GPU": Row(
        {"gpu": {"dra": {"enabled": True}}},
        "gpu.dra.enabled is set, but no GPU is asked for: set gpu.enabled.",
    ),
    "slice without a profile": Row(
        gpu(sharing="mig"),
        "gpu.sharing is mig, but gpu.mig.profile does not say which slice: expected one as 1g.5gb.",
    ),
    "more than one slice": Row(
        gpu(sharing="mig", count=2, mig={"profile": "1g.5gb"}),
        "gpu.count is 2 of gpu.sharing mig: a process sees one slice only, expected 1 (and more replicas).",
    ),
    "more than one part of a card": Row(
        gpu(sharing="timeSlicing", count=2),
        "gpu.count is 2 of gpu.sharing timeSlicing: more parts of a card give no more of it, expected 1.",
    ),
    "slices that GKE does not know": Row(
        gpu(preset="gke", sharing="mig", mig={"profile": "1g.5gb", "strategy": "mixed"}),
        "gpu.mig.strategy is mixed with gpu.preset gke, which knows slices as nvidia.com/gpu only: expected single.",
    ),
    "slice that looks like a card": Row(
        gpu(preset="gpu-operator", sharing="mig", mig={"profile": "1g.5gb"}),
        "gpu.mig.strategy is single with gpu.preset gpu-operator, where the product's label tells a slice from a whole "
        "card: give gpu.product.",
    ),
    "parts on nodes that are made on demand": Row(
        gpu(preset="karpenter", sharing="mps", shared={"replicas": 4}),
        "gpu.shared.replicas is 4 with gpu.preset karpenter, which makes nodes before they have the label for it: "
        "expected 0.",
    ),
    "product without a label": Row(
        gpu(product=["NVIDIA-L4"]),
        "gpu.product is given with gpu.preset none, which knows no label for it: choose a preset, or use nodeSelector.",
    ),
    "two claims": Row(
        gpu(dra={"enabled": True, "claimName": "a", "claimTemplateName": "b"}),
        "gpu.dra.claimName and gpu.dra.claimTemplateName are both given: expected one of them.",
    ),
    "all memory of a shared card": Row(
        {**gpu(sharing="mps"), "tensorflow": {"memoryGrowth": False}},
        "tensorflow.memoryGrowth is off on a GPU that is shared (gpu.sharing mps): the first pod would take all its "
        "memory; set tensorflow.memoryLimitMib.",
    ),
    "GPU that TensorFlow may not see": Row(
        {**gpu(), "tensorflow": {"visibleDevices": "none"}},
        "gpu.enabled is set, but tensorflow.visibleDevices is none: the GPU would lie idle.",
    ),
    "two monitors": Row(
        {"monitoring": {"podMonitor": {"enabled": True}, "serviceMonitor": {"enabled": True}}},
        "monitoring.podMonitor and monitoring.serviceMonitor are both enabled: every pod would be counted twice, "
        "expected one of them.",
    ),
    "Prometheus without a certificate": Row(
        {
            "tls": {"secretName": "server", "clientCaSecretName": "callers", "clientSecretName": "prober"},
            "monitoring": {"podMonitor": {"enabled": True}},
        },
        "tls.clientCaSecretName has callers show a certificate, Prometheus too: give monitoring.tls.clientSecretName.",
    ),
    "Prometheus without a key": Row(
        {"auth": {"secretName": "keys", "metrics": True}, "monitoring": {"serviceMonitor": {"enabled": True}}},
        "auth.metrics has callers of /metrics show a key, Prometheus too: give monitoring.authorization.secretName.",
    ),
    "rules that are none": Row(
        {"monitoring": {"rules": {"enabled": True, "files": {"alerts": "- alert: Down\n  expr: up == 0\n"}}}},
        "monitoring.rules.files.alerts holds no rules: expected the text of a file with a list `groups`, as "
        "`--set-file` reads it and `python -m monitoring.generate` writes it.",
    ),
    "rules that nobody installs": Row(
        {"monitoring": {"rules": {"files": {"alerts": "groups: []\n"}}}},
        "monitoring.rules.files names alerts, and monitoring.rules.enabled is false: nobody would install them, "
        "expected true.",
    ),
    "dashboards for an operator and none to give": Row(
        {"monitoring": {"dashboards": {"grafanaOperator": {"enabled": True}}}},
        "monitoring.dashboards.grafanaOperator.enabled is true, and monitoring.dashboards.enabled is false: it would "
        "have no ConfigMaps to read, expected true.",
    ),
    "route without a Gateway": Row(
        {"httpRoute": {"enabled": True}},
        "httpRoute.enabled is set, but httpRoute.parentRefs names no Gateway.",
    ),
    "route for gRPC that is not spoken": Row(
        {"enableGrpc": False, "grpcRoute": {"enabled": True, "parentRefs": [{"name": "gateway"}]}},
        "grpcRoute.enabled is set, but enableGrpc is off.",
    ),
    "route that gives up before the server": Row(
        {
            "deadline": {"defaultSeconds": 90},
            "httpRoute": {"enabled": True, "parentRefs": [{"name": "gateway"}], "timeoutSeconds": 60},
        },
        "httpRoute.timeoutSeconds is 60, less than deadline.defaultSeconds, which is 90: callers would see the "
        "gateway's 504 for answers on their way.",
    ),
    "two routes of the same names": Row(
        {
            "httpRoute": {"enabled": True, "parentRefs": [{"name": "gateway"}]},
            "grpcRoute": {"enabled": True, "parentRefs": [{"name": "gateway"}], "hostnames": ["a.example"]},
        },
        "httpRoute and grpcRoute have the same hostnames at the same Gateway, which accepts only one of them: give "
        "them different hostnames, or a sectionName each.",
    ),
    "Ingress without a host": Row(
        {"ingress": {"enabled": True}},
        "ingress.enabled is set, but ingress.hosts is empty.",
    ),
    "Ingress for gRPC without a host": Row(
        {"ingress": {"grpc": {"enabled": True}}},
        "ingress.grpc.enabled is set, but ingress.grpc.hosts is empty.",
    ),
    "Ingress for gRPC that is not spoken": Row(
        {"enableGrpc": False, "ingress": {"grpc": {"enabled": True, "hosts": ["a.example"]}}},
        "ingress.grpc.enabled is set, but enableGrpc is off.",
    ),
    "profile of one's own that there is not": Row(
        load(profile="custom"),
        "loadtest.profile is custom, and loadtest.customProfile is empty: expected a profile there, in the form of "
        "those in loadtests/profiles.",
    ),
    "profile of one's own that nobody runs": Row(
        load(customProfile={"rate": 5}),
        "loadtest.customProfile is given, and nobody would run it: loadtest.profile is smoke, and must be custom.",
    ),
    "change from within": Row(
        load(profile="rolling-update"),
        "loadtest.profile is rolling-update, which performs a change, and a pod of the load test has no rights for "
        'one: run it from outside, `python -m loadtests run --profile rolling-update --change "helm upgrade …"`.',
    ),
    "gRPC with nobody to speak it": Row(
        {**load(), "enableGrpc": False},
        "loadtest.profile is smoke, which asks over gRPC in its stream grpc, and enableGrpc is false: expected "
        "streams.grpc=null in loadtest.set, or gRPC.",
    ),
    "promise that is none": Row(
        load(slo="latency: [\n"),
        "loadtest.slo holds no promise: expected the text of a slo.yaml, as `--set-file` reads it.",
    ),
    "two rates": Row(
        load(rate=5, set=["rate=10"]),
        "loadtest.set has rate=10, and loadtest.rate is 5: expected one of them.",
    ),
    "load on pods that there are not": Row(
        {**load(), "replicas": 0},
        "loadtest.enabled is set, and replicas is 0: nobody would answer. Give it 1 or more, or another server in "
        "loadtest.target.url.",
    ),
    "load without a key": Row(
        {**load(), "auth": {"secretName": "keys"}},
        "loadtest.enabled is set, and auth.secretName has callers show a key: name a Secret that holds one in "
        "loadtest.target.keySecretName.",
    ),
    "load without a certificate": Row(
        {**load(), "tls": {"secretName": "server", "clientCaSecretName": "callers", "clientSecretName": "prober"}},
        "loadtest.enabled is set, and tls.clientCaSecretName has callers show a certificate, which load tests cannot: "
        "put the load on a release without it.",
    ),
    "address for gRPC alone": Row(
        load(target={"grpc": "other:8081"}),
        "loadtest.target.grpc is other:8081, and loadtest.target.url is empty: both must be of one server, expected "
        "its address over REST too.",
    ),
    "rollout of nothing": Row(
        rollout(target=""),
        "rollout.job.enabled is set, and rollout.target is empty: expected httproute/NAME, whose shares are to be "
        "moved.",
    ),
    "target of another backend": Row(
        rollout(target="service/mnist"),
        "rollout.target is service/mnist, and rollout.backend gateway moves the shares of another kind: expected "
        "httproute/NAME.",
    ),
    "KServe's canary without KServe": Row(
        rollout(backend="kserve-canary", target="", job={"enabled": False}),
        "rollout.backend is kserve-canary, and mode is plain: expected the backend gateway or replicas, or mode "
        "kserve.",
    ),
    "replicas that are KServe's": Row(
        {**rollout(backend="replicas", target="service/mnist"), "mode": "kserve"},
        "rollout.backend is replicas, and in mode kserve the number of pods is KServe's: expected the backend gateway, "
        "or mode plain.",
        apis=(KSERVE,),
    ),
    "replicas that are an autoscaler's": Row(
        {**rollout(backend="replicas", target="service/mnist"), **hpa()},
        "rollout.backend is replicas, and autoscaling.type is hpa: both would set the number of pods. Take the backend "
        "gateway, or autoscaling.type none.",
    ),
    "route that an upgrade puts back": Row(
        {
            **rollout(target="httproute/ecluse"),
            "httpRoute": {"enabled": True, "parentRefs": [{"name": "gateway"}]},
        },
        "rollout.target is httproute/ecluse, which httpRoute.enabled makes: the next upgrade would put its weights "
        "back. Expected a route that no release owns, as in k8s/examples/rollout.",
    ),
    "rollout with nobody to ask": Row(
        rollout(prometheus=""),
        "rollout.job.enabled is set, and rollout.prometheus is empty: nothing is promoted unmeasured. Expected its "
        "address, as http://prometheus-operated.monitoring.svc:9090.",
    ),
    "rollout without rights": Row(
        rollout(rbac={"create": False}),
        "rollout.job.enabled is set, and it would have no rights: set rollout.rbac.create, or name an account that has "
        "them in rollout.rbac.serviceAccountName.",
    ),
    "canary that is no other model": Row(
        {**rollout(backend="kserve-canary", target="", job={"enabled": True, "canaryName": "next"}), "mode": "kserve"},
        "rollout.backend is kserve-canary, which makes the canary itself: expected its model in "
        "rollout.job.storageUri, and its name in rollout.job.canaryName.",
        apis=(KSERVE,),
    ),
    "promise of a rollout that is none": Row(
        rollout(job={"enabled": True, "slo": "latency: [\n"}),
        "rollout.job.slo holds no promise: expected the text of a slo.yaml, as `--set-file` reads it.",
    ),
    "canary's model that nobody takes": Row(
        rollout(job={"enabled": True, "storageUri": "s3://models/next"}),
        "rollout.job.storageUri is s3://models/next, and rollout.backend gateway makes no canary: this release is the "
        "new version, and its model is model.storageUri.",
    ),
}
