"""When a conversation was linked to its ticket: the first one is the ticket's primary."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("conversations", "0002_tenant_boundary")]

    operations = [
        migrations.AddField(
            model_name="conversation", name="ticket_linked_at", field=models.DateTimeField(editable=False, null=True)
        ),
    ]
