/* Starts Swagger UI with what the page says in data- attributes, so that the page needs no script of its own. */
"use strict";

(function () {
  const place = document.getElementById("swagger-ui");
  if (!place || !place.dataset.url) {
    return;
  }
  const own = place.dataset.base;

  /* The origin of the page comes first among the servers, so that what is tried goes to where the page is. */
  function withOwnServer(spec) {
    const servers = spec.servers || [];
    const isOwn = (server) => new URL(server.url, location.href).href === new URL(own, location.href).href;
    return { ...spec, servers: [servers.find(isOwn) || { url: own }, ...servers.filter((server) => !isOwn(server))] };
  }

  window.ui = SwaggerUIBundle({
    url: place.dataset.url,
    domNode: place,
    oauth2RedirectUrl: new URL(place.dataset.oauth2, window.location.href).href,
    deepLinking: true,
    filter: true,
    validatorUrl: null,
    persistAuthorization: place.dataset.persist === "1",
    presets: [SwaggerUIBundle.presets.apis],
    plugins: [
      { statePlugins: { spec: { wrapActions: { updateJsonSpec: (original) => (spec) => original(withOwnServer(spec)) } } } },
    ],
    layout: "BaseLayout",
  });
})();
