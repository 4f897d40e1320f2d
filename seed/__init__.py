"""A fictional Delta, told through public verbs."""
