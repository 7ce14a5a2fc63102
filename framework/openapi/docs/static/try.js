/* Tries an operation: a form from the data of its button, the request, and the response as it arrives.
   Credentials are kept in the memory of the page alone. */
"use strict";

(function () {
  const words = JSON.parse(document.body.dataset.words);
  const schemes = JSON.parse(document.body.dataset.schemes);
  const credentials = {};
  const limit = 200000;
  let count = 0;

  function make(tag, properties, ...children) {
    const node = Object.assign(document.createElement(tag), properties);
    node.append(...children);
    return node;
  }

  function field(name, control, required) {
    control.id = `try-${++count}`;
    control.required = Boolean(required);
    const label = make("label", { htmlFor: control.id, textContent: required ? `${name} *` : name });
    return make("div", {}, label, control);
  }

  function entry(input) {
    if (!input.c) {
      return make("input", { value: input.v || "", autocomplete: "off" });
    }
    const choices = input.r ? input.c : ["", ...input.c];
    const select = make("select", {}, ...choices.map((each) => make("option", { value: each, textContent: each || "–" })));
    select.value = input.v || choices[0];
    return select;
  }

  /* Credentials */

  function secret(name, key, label, type) {
    const kept = (credentials[name] = credentials[name] || {});
    const control = make("input", { type, value: kept[key] || "", autocomplete: "off", spellcheck: false });
    control.addEventListener("input", () => (kept[key] = control.value));
    return field(`${name}: ${label}`, control, false);
  }

  function secrets(names) {
    return names.flatMap((name) => {
      const scheme = schemes[name] || {};
      if (scheme.t === "basic") {
        return [secret(name, "user", words.user, "text"), secret(name, "password", words.password, "password")];
      }
      const label = scheme.x ? `${words.token} (${scheme.x})` : scheme.n || words.token;
      return [secret(name, "value", label, "password")];
    });
  }

  function base64(text) {
    return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
  }

  /* Add the credentials of a scheme to a request. */
  function authorize(name, request) {
    const scheme = schemes[name] || {};
    const kept = credentials[name] || {};
    if (scheme.t === "basic") {
      if (kept.user || kept.password) {
        request.headers.set("Authorization", `Basic ${base64(`${kept.user || ""}:${kept.password || ""}`)}`);
      }
    } else if (kept.value && scheme.t === "apiKey") {
      if (scheme.i === "header") {
        request.headers.set(scheme.n, kept.value);
      } else if (scheme.i === "query") {
        request.query.append(scheme.n, kept.value);
      } else {
        request.cookies.push([scheme.n, kept.value]);
      }
    } else if (kept.value) {
      const word = ["oauth2", "openIdConnect", "bearer"].includes(scheme.t) ? "Bearer" : scheme.t;
      request.headers.set("Authorization", scheme.x || kept.value.includes(" ") ? kept.value : `${word} ${kept.value}`);
    }
  }

  /* Bodies */

  function bodyPart(call, form) {
    const bodies = call.b || [];
    if (!bodies.length) {
      return () => [null, null];
    }
    const place = make("div", {});
    let read = null;

    function lay(body) {
      if (Array.isArray(body.f)) {
        const controls = body.f.map(([name, value, files, required]) => {
          const control = files ? make("input", { type: "file", multiple: files === 2 }) : make("input", { value, autocomplete: "off" });
          return [name, files, control, field(name, control, required)];
        });
        place.replaceChildren(...controls.map((each) => each[3]));
        read = () => {
          const isForm = body.t === "multipart/form-data";
          const made = isForm ? new FormData() : new URLSearchParams();
          for (const [name, files, control] of controls) {
            if (files) {
              for (const file of control.files) {
                made.append(name, isForm ? file : file.name);
              }
            } else if (control.value) {
              made.append(name, control.value);
            }
          }
          /* The browser writes the media type of a multipart form, as it chooses the boundary. */
          return [made, isForm ? null : body.t];
        };
      } else if (body.f) {
        const control = make("input", { type: "file" });
        place.replaceChildren(field(words.file, control, false));
        read = () => [control.files[0] || null, body.t];
      } else {
        const control = make("textarea", { value: body.v || "", spellcheck: false });
        place.replaceChildren(field(`${words.body} (${body.t})`, control, false));
        read = () => [control.value, body.t];
      }
    }
    lay(bodies[0]);
    if (bodies.length > 1) {
      const select = make("select", {}, ...bodies.map((each, at) => make("option", { value: at, textContent: each.t })));
      select.addEventListener("change", () => lay(bodies[select.value]));
      form.append(field("Content-Type", select, false));
    }
    form.append(place);
    return () => read();
  }

  /* The response */

  function printed(text, type) {
    if (/[/+]json\b/.test(type)) {
      try {
        return JSON.stringify(JSON.parse(text), null, 2);
      } catch {
        return text;
      }
    }
    return text;
  }

  async function streamed(response, pre) {
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        return;
      }
      pre.textContent = (pre.textContent + value).slice(-limit);
      pre.scrollTop = pre.scrollHeight;
    }
  }

  async function present(response, output, started) {
    const type = response.headers.get("Content-Type") || "";
    const time = Math.round(performance.now() - started);
    const status = make("span", { className: `status s${String(response.status)[0]}`, textContent: response.status });
    const head = make("p", {}, status, ` ${response.statusText} · ${time} ms`);
    const headers = make("details", { className: "unfold" });
    const lines = [...response.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
    headers.append(make("summary", { textContent: words.headers }), make("pre", { tabIndex: 0, textContent: lines }));
    output.replaceChildren(head, headers);
    if (/^(text\/event-stream|application\/(jsonl|x-ndjson|json-seq))/.test(type)) {
      const pre = make("pre", { tabIndex: 0, className: "live" });
      output.append(pre);
      await streamed(response, pre);
      output.append(make("p", { textContent: words.ended }));
    } else if (!type || /^text\/|[/+](json|xml|yaml)\b|urlencoded/.test(type)) {
      const text = await response.text();
      if (text) {
        output.append(make("pre", { tabIndex: 0, textContent: printed(text.slice(0, limit), type) }));
      }
    } else {
      const blob = await response.blob();
      const href = URL.createObjectURL(blob);
      const name = /filename="?([^";]+)/.exec(response.headers.get("Content-Disposition") || "");
      const words_ = `${words.download} (${type}, ${blob.size} B)`;
      if (/^image\/(png|jpeg|gif|webp|avif)\b/.test(type)) {
        output.append(make("img", { src: href, alt: type }));
      }
      output.append(make("p", {}, make("a", { href, download: name ? name[1] : "response", textContent: words_ })));
    }
  }

  /* The request */

  function built(call, controls) {
    const request = { headers: new Headers(), query: new URLSearchParams(), cookies: [] };
    let path = call.p;
    for (const [input, control] of controls) {
      const value = control.value;
      if (input.i === "path") {
        path = path.replace(`{${input.n}}`, encodeURIComponent(value));
      } else if (value === "" && !input.r) {
        continue;
      } else if (input.i === "query") {
        const values = input.d === "" ? value.split(",") : [value];
        values.forEach((each) => request.query.append(input.n, each));
      } else if (input.i === "header") {
        request.headers.set(input.n, value);
      } else {
        request.cookies.push([input.n, value]);
      }
    }
    return { ...request, path };
  }

  /* Send with cookies that are there for the request alone. Those of the browser go along only where the operation
     takes cookies; without them no challenge of the server opens the browser's own form for passwords. */
  async function sent(url, options, cookies, takesCookies) {
    const isOwn = takesCookies && new URL(url, location.href).origin === location.origin;
    const rest = "; path=/; SameSite=Strict";
    try {
      for (const [name, value] of isOwn ? cookies : []) {
        document.cookie = `${name}=${encodeURIComponent(value)}${rest}`;
      }
      return await fetch(url, { ...options, credentials: isOwn ? "same-origin" : "omit" });
    } finally {
      for (const [name] of isOwn ? cookies : []) {
        document.cookie = `${name}=; max-age=0${rest}`;
      }
    }
  }

  function trial(button) {
    const call = JSON.parse(button.dataset.call);
    const form = make("form", { className: "trial", noValidate: false });
    const ways = (call.s || []).filter((way) => way.length);
    let way = [];
    if (ways.length) {
      const place = make("div", {});
      const isOptional = ways.length < call.s.length;
      const choices = isOptional ? [...ways, []] : ways;
      const lay = (names) => {
        way = names;
        place.replaceChildren(...secrets(names));
      };
      if (choices.length > 1) {
        const options = choices.map((each, at) => make("option", { value: at, textContent: each.join(" + ") || words.optional }));
        const select = make("select", {}, ...options);
        select.addEventListener("change", () => lay(choices[select.value]));
        form.append(field(words.credentials, select, false));
      }
      lay(choices[0]);
      form.append(place);
    }
    const controls = (call.i || []).map((input) => [input, entry(input)]);
    for (const [input, control] of controls) {
      form.append(field(`${input.n} (${input.i})`, control, input.r));
    }
    const body = bodyPart(call, form);
    const send = make("button", { type: "submit", textContent: words.send });
    const stop = make("button", { type: "button", textContent: words.stop, disabled: true });
    const close = make("button", { type: "button", textContent: words.clear });
    const output = make("output", {});
    let controller = null;
    output.setAttribute("aria-live", "polite");
    form.append(make("div", { className: "buttons" }, send, stop, close), output);

    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (controller) {
        controller.abort();
      }
      const own = (controller = new AbortController());
      const request = built(call, controls);
      way.forEach((name) => authorize(name, request));
      const [content, type] = body();
      if (content !== null && type) {
        request.headers.set("Content-Type", type);
      }
      const query = request.query.toString();
      const url = call.u + request.path + (query ? `?${query}` : "");
      const options = { method: call.m, headers: request.headers, signal: own.signal };
      if (content !== null && call.m !== "GET" && call.m !== "HEAD") {
        options.body = content;
      }
      stop.disabled = false;
      output.replaceChildren("…");
      try {
        const started = performance.now();
        const takesCookies = [...way.map((name) => schemes[name] || {}), ...(call.i || [])].some((each) => each.i === "cookie");
        await present(await sent(url, options, request.cookies, takesCookies), output, started);
      } catch (error) {
        const text = error.name === "AbortError" ? words.stopped : words.failed;
        if (own === controller) {
          error.name === "AbortError" ? output.append(make("p", { textContent: text })) : output.replaceChildren(text);
        }
      } finally {
        if (own === controller) {
          stop.disabled = true;
        }
      }
    });
    stop.addEventListener("click", () => controller && controller.abort());
    close.addEventListener("click", () => {
      if (controller) {
        controller.abort();
      }
      form.remove();
      button.hidden = false;
      button.focus();
    });
    return form;
  }

  for (const button of document.querySelectorAll("button.try")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const form = trial(button);
      button.hidden = true;
      button.after(form);
      form.querySelector("input, select, textarea, button").focus();
    });
  }
})();
