"""The optional libraries of the service: the extra of each. See `pipeline.provided_by`."""

from store_uptime.pipeline import Extra

DELIVERY = Extra("storage", "reports cannot be delivered to a bucket")
ENCRYPTION = Extra("encryption", "reports can neither be encrypted nor decrypted")
