"""Contacts of whom a member said that they are not one person."""

import django.db.models.deletion
import django.db.models.manager
import django.utils.timezone
from django.db import migrations, models

import accounts.moments
from accounts.tenant_migrations import TenantForeignKey


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0034_index_of_actors"),
        ("conversations", "0143_merged_companies"),
    ]

    operations = [
        migrations.CreateModel(
            name="DistinctContacts",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", accounts.moments.Moment(default=django.utils.timezone.now, editable=False)),
                ("first", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="conversations.contact")),
                ("second", models.ForeignKey(db_constraint=False, db_index=False, help_text="The one with the higher id.", on_delete=django.db.models.deletion.CASCADE, related_name="+", to="conversations.contact")),
                ("workspace", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.workspace")),
            ],
            options={
                "verbose_name_plural": "distinct contacts",
                "abstract": False,
                "base_manager_name": "all_workspaces",
                "default_manager_name": "all_workspaces",
                "constraints": [
                    models.UniqueConstraint(fields=("workspace", "first", "second"), name="distinct_contacts_once"),
                    models.CheckConstraint(condition=models.Q(("first__lt", models.F("second"))), name="distinct_contacts_in_order"),
                ],
                "indexes": [models.Index(fields=["workspace", "second", "first"], name="distinct_contacts_by_second")],
            },
            managers=[
                ("all_workspaces", django.db.models.manager.Manager()),
            ],
        ),
        TenantForeignKey("conversations_distinctcontacts", "first_id", "conversations_contact"),
        TenantForeignKey("conversations_distinctcontacts", "second_id", "conversations_contact"),
    ]
