"""Companies have custom attributes too."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("tickets", "0011_custom_attributes"),
    ]

    operations = [
        migrations.AlterField(
            model_name="attribute",
            name="subject",
            field=models.CharField(choices=[("contact", "Contact"), ("conversation", "Conversation"), ("ticket", "Ticket"), ("company", "Company")], max_length=12),
        ),
        migrations.RemoveConstraint(model_name="attribute", name="attribute_subject_is_known"),
        migrations.AddConstraint(
            model_name="attribute",
            constraint=models.CheckConstraint(condition=models.Q(("subject__in", ["contact", "conversation", "ticket", "company"])), name="attribute_subject_is_known"),
        ),
    ]
