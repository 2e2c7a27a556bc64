"""Finding how many mails a sender has sent."""

from django.db import migrations, models

from accounts.index_migrations import AddIndexConcurrently


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ("conversations", "0070_refusals_of_mailboxes"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="inboundmail",
            index=models.Index(fields=["workspace", "mailbox", "from_address", "-id"], name="mail_by_sender"),
        ),
    ]
