"""The JSON API below `/api/v1`, described by `/openapi.json`.

Order of a request: `requests` reads and refuses, `blueprint` puts reading and writing together, a resource's
module (`outputs`, `facilities`, …) has its views, the module beside it (`output_schemas`, …) its public
shape, and `disclosure` decides what of it the asker may see. Refusals become problem documents in
`web.errors`.
"""
