"""Which address shows what."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("account/", include("amable.desk.account_urls")),
    path("", include("amable.desk.urls")),
]

handler400 = "amable.desk.refusals.illegible"
handler403 = "amable.desk.refusals.not_allowed"
handler404 = "amable.desk.refusals.not_found"
handler500 = "amable.desk.refusals.failed"
handler429 = "amable.desk.refusals.too_many"
