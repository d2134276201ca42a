"""What people are shown and told: health, the doctor, an order's story, alarms, mails."""
