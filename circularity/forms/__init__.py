"""The national forms of solid-waste ledgers, written from the books and read into them."""
