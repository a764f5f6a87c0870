"""Which address shows what."""

from __future__ import annotations

from django.urls import path

from amable.server import health

urlpatterns = [
    path("healthz", health.alive),
    path("readyz", health.ready),
    path("metrics", health.metrics),
]
