from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('conversations', '0007_hand_over'),
    ]

    operations = [
        migrations.AddField(
            model_name='assistantthread',
            name='call',
            field=models.CharField(max_length=6, null=True),
        ),
    ]
