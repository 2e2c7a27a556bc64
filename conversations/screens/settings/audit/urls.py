"""The audit log."""

from __future__ import annotations

from django.urls import path

from conversations.screens.settings.audit import views

urlpatterns = [
    path("", views.audit, name="audit-log"),
    path("/export.csv", views.export_csv, name="export-audit-csv"),
    path("/export.jsonl", views.export_jsonl, name="export-audit-jsonl"),
]
