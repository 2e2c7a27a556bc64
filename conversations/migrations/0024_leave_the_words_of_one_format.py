"""The domain knows one format's columns no more. They stay in the tables: the version before reads and writes them."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

KINDS = ["conversation", "text", "message", "failure", "status", "proposal"]
LEFT = {
    "assistantthread": ["agent_mode"],
    "assistantrun": ["trace_id"],
    "assistantframe": ["event", "data"],
    "assistantqueueitem": ["contextual_tools", "ui_context", "billing_context", "agent_mode", "session_id"],
}


class Migration(migrations.Migration):

    dependencies = [
        ("conversations", "0023_neutral_rows_of_earlier_versions"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveField(model_name=model, name=name) for model, names in LEFT.items() for name in names
            ]
        ),
        migrations.AlterField(
            model_name="assistantthread",
            name="status",
            field=models.CharField(
                choices=[("idle", "Idle"), ("in_progress", "In Progress")], default="idle", max_length=11
            ),
        ),
        migrations.RemoveConstraint(model_name="assistantthread", name="assistant_thread_status_is_known"),
        AddConstraintNotValid(
            model_name="assistantthread",
            constraint=models.CheckConstraint(
                condition=models.Q(status__in=["idle", "in_progress"]), name="assistant_thread_status_is_known"
            ),
        ),
        AddConstraintNotValid(
            model_name="assistantframe",
            constraint=models.CheckConstraint(
                condition=models.Q(kind__in=KINDS), name="assistant_frame_kind_is_known"
            ),
        ),
    ]
