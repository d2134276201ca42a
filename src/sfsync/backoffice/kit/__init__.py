"""What the screens share: access, layout, lists, states, the reader's texts, the live shop."""
