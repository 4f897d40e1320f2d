"""The words of the circularity command; each sub-command is loaded only when it is called."""
