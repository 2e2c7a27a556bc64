"""Count the tickets that there are, in every workspace."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("tickets", "0003_ticket_tally")]

    operations = [
        migrations.RunSQL(
            "UPDATE tickets_ticketnumbers AS kept SET new = found.new, open = found.open, pending = found.pending, "
            "on_hold = found.on_hold, resolved = found.resolved FROM ("
            "SELECT workspace_id, count(*) FILTER (WHERE status = 'new') AS new, "
            "count(*) FILTER (WHERE status = 'open') AS open, count(*) FILTER (WHERE status = 'pending') AS pending, "
            "count(*) FILTER (WHERE status = 'on_hold') AS on_hold, "
            "count(*) FILTER (WHERE status = 'resolved') AS resolved "
            "FROM tickets_ticket GROUP BY workspace_id) AS found WHERE found.workspace_id = kept.workspace_id",
            migrations.RunSQL.noop,
        )
    ]
