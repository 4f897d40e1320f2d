"""The registry of what is offered: posted outputs, plants with what entitles them, their capacity windows."""
