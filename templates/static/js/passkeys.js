// Passkeys: asks the hub for a question, lets the browser answer it, and sends the answer. Pages work without it: codes stay possible.
"use strict";
async function send(url, form, body) {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
    body: JSON.stringify(body),
  });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.error);
  return told;
}
async function run(form) {
  const question = await send(form.dataset.begin, form, {});
  const isNew = form.dataset.passkey === "new";
  const credential = isNew
    ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(question) })
    : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(question) });
  const name = isNew ? form.elements.name.value : "";
  const wanted = isNew ? "" : `?next=${encodeURIComponent(form.elements.next.value)}`;
  location.assign((await send(form.dataset.complete + wanted, form, { credential: credential.toJSON(), name })).next);
}
for (const form of document.querySelectorAll("form[data-passkey]")) {
  const problem = form.querySelector("[role=alert]");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    problem.hidden = true;
    run(form).catch((error) => { problem.textContent = error.message; problem.hidden = false; });
  });
}
