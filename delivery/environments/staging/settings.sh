# Staging: each green commit of main, by a rolling update.
STRATEGY=rolling
NAMESPACE=ecluse-staging
RELEASE=ecluse
IMAGE_NAME=serving-demo # of build/delivery/images.txt; `serving` for a model that is mounted or fetched
