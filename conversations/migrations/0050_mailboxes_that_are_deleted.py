"""A mailbox that is deleted keeps its row for its mails and conversations."""

from __future__ import annotations

from django.db import migrations, models
from django.db.models import Q

STATES = ("active", "paused", "disconnected", "deleted")


class Migration(migrations.Migration):
    dependencies = [("conversations", "0038_check_channels_and_links_of_mail")]

    operations = [
        migrations.AlterField(
            model_name="mailbox",
            name="state",
            field=models.CharField(
                choices=[
                    ("active", "Active"),
                    ("paused", "Paused"),
                    ("disconnected", "Reconnect"),
                    ("deleted", "Deleted"),
                ],
                default="active",
                max_length=12,
            ),
        ),
        # A workspace has a handful of mailboxes: the check holds no lock for long.
        migrations.RemoveConstraint(model_name="mailbox", name="mailbox_state_is_known"),
        migrations.AddConstraint(
            model_name="mailbox",
            constraint=models.CheckConstraint(name="mailbox_state_is_known", condition=Q(state__in=STATES)),
        ),
    ]
