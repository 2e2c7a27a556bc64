// What Hexclave's own client makes of a customer's token, and how it fares with it at the desk.
//
//     node talk.js <base URL> <workspace's public id> <client key> <customer's token>
//
// It prints what it saw as one JSON object.

import { StackClientApp } from "@stackframe/js";

const [baseUrl, projectId, publishableClientKey, accessToken] = process.argv.slice(2);
const app = new StackClientApp({
  baseUrl,
  projectId,
  publishableClientKey,
  tokenStore: { accessToken, refreshToken: "" },
  noAutomaticPrefetch: true,
});
// Where the product's own dashboard finds the call that sends its headers: conversations have no method of their own.
const { sendRequest } = app[Symbol.for("StackAuth--DO-NOT-USE-OR-YOU-WILL-BE-FIRED--StackAppInternals")];
const path = "/internal/dogfood/support/conversations";

async function send(method, url, body) {
  const answer = await sendRequest(url, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  return answer.json();
}

const user = await app.getPartialUser({ from: "token" });
const { conversation_id: id } = await send("POST", path, { subject: "Cannot log in", message: "It says 401." });
const thread = await send("PATCH", `${path}/${id}`, { message: "Still 401." });
const listed = await send("GET", path);
const missing = await send("GET", `${path}/00000000-0000-4000-8000-000000000000`).catch((error) => error.cause?.status);
const refused = await send("POST", path, { subject: "" }).catch((error) => error.errorCode);
console.log(
  JSON.stringify({
    user,
    said: thread.messages.map((message) => [message.sender.id, message.body]),
    listed: listed.conversations.map((row) => [row.subject, row.user_primary_email]),
    missing,
    refused,
  }),
);
