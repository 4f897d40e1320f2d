"""The JSON API below `/api/v1`, described by `/openapi.json`.

Order of a request: `requests` reads and refuses, `blueprint` puts reading and writing together, a resource's
module (`outputs`, `facilities`, …) has its views, the module beside it (`output_schemas`, …) its public
shape, and `disclosure` decides what of it the asker may see. Below `/organisations/{id}` stands what one
party alone reads and does; `acting` says for whom, and what is not its own is not found.
Refusals become problem documents in `web.errors`.
"""
