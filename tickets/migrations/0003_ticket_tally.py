"""Exact counts of tickets by status stand on the row that gives their numbers."""

from django.db import migrations, models


def counter(name: str) -> migrations.AddField:
    # A default in the database: code of the release before inserts the row without these columns.
    field = models.PositiveIntegerField(default=0, db_default=0)
    return migrations.AddField(model_name="ticketnumbers", name=name, field=field)


class Migration(migrations.Migration):
    dependencies = [("tickets", "0002_tenant_boundary")]

    operations = [
        counter("new"),
        counter("open"),
        counter("pending"),
        counter("on_hold"),
        counter("resolved"),
        migrations.AddField(
            model_name="ticket", name="team_read_at", field=models.DateTimeField(editable=False, null=True)
        ),
    ]
