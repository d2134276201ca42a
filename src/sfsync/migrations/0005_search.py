from django.db import migrations, models
from django.db.models.functions import Upper


class Migration(migrations.Migration):
    dependencies = [("sfsync", "0004_by_hand_and_preference")]

    operations = [
        migrations.RemoveIndex(model_name="order", name="order_reference"),
        migrations.RemoveIndex(model_name="order", name="order_shop_reference"),
        migrations.RemoveIndex(model_name="order", name="order_seen_tracking"),
        migrations.RemoveIndex(model_name="order", name="order_ship_tracking"),
        migrations.AddIndex(
            model_name="order",
            index=models.Index("store", Upper("reference"), name="order_by_reference"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index("store", Upper("shop_reference"), name="order_by_shop_reference"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                "store",
                Upper("seen_tracking"),
                name="order_by_seen_tracking",
                condition=models.Q(("seen_tracking", ""), _negated=True),
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                "store",
                Upper("ship_tracking"),
                name="order_by_ship_tracking",
                condition=models.Q(("ship_tracking__gt", "")),
            ),
        ),
    ]
