"""What the assistant asks for when it hands over; and the index of its view, which must not block conversations."""

from django.db import migrations, models

from accounts.index_migrations import AddFieldIfMissing, AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False  # as concurrent indexes demand

    dependencies = [
        ('conversations', '0007_hand_over'),
    ]

    operations = [
        AddFieldIfMissing(
            model_name='assistantthread',
            name='call',
            field=models.CharField(max_length=6, null=True),
        ),
        AddIndexConcurrently(
            'conversation',
            models.Index(condition=models.Q(('handler', 'assistant')), fields=['workspace', '-last_message_at', '-id'], name='conv_assistant'),
        ),
    ]
