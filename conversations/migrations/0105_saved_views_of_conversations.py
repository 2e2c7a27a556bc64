"""Saved views of conversations too, by conditions, with a search and an order; views of a team; the order of favourites."""

import django.db.models.deletion
from django.db import migrations, models

from accounts.tenant_migrations import TenantForeignKey


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0025_visibility_of_members"),
        ("conversations", "0101_index_of_unseen_mentions"),
    ]

    operations = [
        migrations.AddField(
            model_name="savedview",
            name="subject",
            field=models.CharField(
                choices=[("conversation", "Conversations"), ("ticket", "Tickets")],
                db_default="ticket",
                default="ticket",
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="savedview",
            name="condition",
            field=models.JSONField(blank=True, db_default=models.Value({}, models.JSONField()), default=dict),
        ),
        migrations.AddField(
            model_name="savedview",
            name="search",
            field=models.CharField(blank=True, db_default="", default="", max_length=200),
        ),
        migrations.AddField(
            model_name="savedview",
            name="sort",
            field=models.CharField(blank=True, db_default="", default="", max_length=10),
        ),
        migrations.AddField(
            model_name="savedview",
            name="team",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="accounts.team",
            ),
        ),
        migrations.AddField(
            model_name="savedviewfavorite",
            name="position",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AlterField(
            model_name="savedview",
            name="visibility",
            field=models.CharField(
                choices=[("private", "Only me"), ("team", "A team"), ("shared", "Everyone")],
                default="shared",
                max_length=7,
            ),
        ),
        migrations.RemoveConstraint(model_name="savedview", name="saved_view_visibility_is_known"),
        migrations.AddConstraint(
            model_name="savedview",
            constraint=models.CheckConstraint(
                condition=models.Q(("visibility__in", ["private", "team", "shared"])),
                name="saved_view_visibility_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="savedview",
            constraint=models.CheckConstraint(
                condition=models.Q(("subject__in", ["conversation", "ticket"])), name="saved_view_subject_is_known"
            ),
        ),
        TenantForeignKey("conversations_savedview", "team_id", "accounts_team"),
    ]
