/* Starts Swagger UI with what the page says in data- attributes, so that the page needs no script of its own. */
"use strict";

(function () {
  const place = document.getElementById("swagger-ui");
  if (!place || !place.dataset.url) {
    return;
  }
  window.ui = SwaggerUIBundle({
    url: place.dataset.url,
    domNode: place,
    oauth2RedirectUrl: new URL(place.dataset.oauth2, window.location.href).href,
    deepLinking: true,
    validatorUrl: null,
    persistAuthorization: false,
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
  });
})();
