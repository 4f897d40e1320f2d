"""Who has the mass: transfers, signatures, weighings, receipts, treatments, corrections."""
