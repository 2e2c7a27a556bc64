"""The mails of a conversation that may belong to another one."""

from django.db import migrations, models

from accounts.index_migrations import AddIndexConcurrently


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ("conversations", "0071_index_of_mails_of_a_sender"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="inboundmail",
            index=models.Index(
                condition=models.Q(("suggested__isnull", False)),
                fields=["workspace", "conversation", "id"],
                name="mail_suggested",
            ),
        ),
    ]
