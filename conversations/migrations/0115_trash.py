"""When a conversation was put into the Trash, and by whom."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import accounts.moments


class Migration(migrations.Migration):

    dependencies = [
        ("conversations", "0111_bulk_jobs"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="conversation",
            name="trashed_at",
            field=accounts.moments.Moment(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="conversation",
            name="trashed_by",
            field=models.ForeignKey(
                db_constraint=False, db_index=False, editable=False, null=True,
                on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="conversation",
            name="handler",
            field=models.CharField(
                choices=[("people", "People"), ("assistant", "Assistant"), ("nobody", "Nobody"), ("trash", "Trash")],
                default="people", editable=False, max_length=10,
            ),
        ),
    ]
