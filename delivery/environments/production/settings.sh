# Production: a new version earns its traffic from the one before it, step by step.
#
# The route is nobody's but the rollout's: k8s/examples/rollout has one, which is applied once.
STRATEGY=canary
NAMESPACE=ecluse
RELEASES="blue green"
ROUTE=mnist
IMAGE_NAME=serving-demo # of build/delivery/images.txt; `serving` for a model that is mounted or fetched
