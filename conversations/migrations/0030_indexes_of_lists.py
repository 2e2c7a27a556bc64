"""Each list of conversations is answered by an index in its own order; the comments at the model name the lists."""

from django.db import migrations, models
from django.db.models import Q

from accounts.index_migrations import AddIndexConcurrently

SNOOZED, NEWS = Q(snoozed_until__isnull=False), Q(status="closed", unread_count__gt=0)


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ("conversations", "0029_leave_the_old_search_indexes"),
    ]

    operations = [
        AddIndexConcurrently("conversation", index)
        for index in (
            models.Index(fields=["workspace", "channel", "-last_message_at", "-id"], name="conv_channel_newest"),
            models.Index(
                fields=["workspace", "-last_activity_at", "-id"], include=["handler", "status"], name="conv_activity_list"
            ),
            models.Index(
                fields=["workspace", "-created_at", "-id"], include=["handler", "status"], name="conv_created_list"
            ),
            models.Index(
                fields=["workspace", "waiting_since", "id", "snoozed_until"], name="conv_snoozed_queue", condition=SNOOZED
            ),
            models.Index(fields=["workspace", "waiting_since", "id"], name="conv_news_queue", condition=NEWS),
            models.Index(fields=["workspace", "-last_message_at", "-id"], name="conv_news_newest", condition=NEWS),
        )
    ]
