"""The texts of notes before they were changed."""

import django.db.models.deletion
import django.db.models.manager
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import accounts.moments
from accounts.tenant_migrations import TenantForeignKey


class Migration(migrations.Migration):

    dependencies = [
        ("conversations", "0116_index_of_trash"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="MessageVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("body", models.TextField(blank=True)),
                ("replaced_at", accounts.moments.Moment(default=django.utils.timezone.now, editable=False)),
                ("message", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="versions", to="conversations.message")),
                ("replaced_by", models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("workspace", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.workspace")),
            ],
            options={
                "abstract": False,
                "base_manager_name": "all_workspaces",
                "default_manager_name": "all_workspaces",
                "indexes": [models.Index(fields=["workspace", "message", "-id"], name="version_by_message")],
            },
            managers=[
                ("all_workspaces", django.db.models.manager.Manager()),
            ],
        ),
        TenantForeignKey("conversations_messageversion", "message_id", "conversations_message"),
    ]
