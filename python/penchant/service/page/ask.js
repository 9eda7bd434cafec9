// Questions to the service, with the token if it wants one.

const form = document.getElementById("token-form");
const problem = document.getElementById("problem");

export const call = (path, body) => {
  const headers = {};
  const token = sessionStorage.getItem("token");
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body) headers["Content-Type"] = "application/json";
  return fetch(path, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body) });
};

// What came back; null after telling the reader why there is nothing.
export async function ask(path, body) {
  let response;
  try {
    response = await call(path, body);
  } catch {
    return tell("The service does not answer.");
  }
  if (response.status === 401) {
    form.hidden = false;
    document.getElementById("token").focus();
    return tell(sessionStorage.getItem("token") ? "That is not the token." : "");
  }
  const content = await response.json().catch(() => ({ error: "the answer could not be read" }));
  if (!response.ok) return tell(content.error);
  return content;
}

// Shows what is wrong until something else is tried.
export function tell(sentence) {
  problem.hidden = !sentence;
  problem.textContent = sentence ? sentence[0].toUpperCase() + sentence.slice(1) : "";
  return null;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("token", document.getElementById("token").value.trim());
  location.reload();
});
