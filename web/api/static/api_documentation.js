// Shows the API's description; without Swagger UI the link above it remains.
const reader = document.getElementById("api");
if (reader && window.SwaggerUIBundle) {
  window.SwaggerUIBundle({
    url: reader.dataset.description,
    domNode: reader,
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    validatorUrl: null,
  });
}
